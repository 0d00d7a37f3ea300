// SPDX-License-Identifier: Apache-2.0
#pragma once
// The resource attributes that a container gets, in order of precedence: those that the pod's
// annotations set, then OpenTelemetry's for Kubernetes. Values that are unknown before the pod runs
// come from the downward API, through variables of our own that the attributes refer to. Knative
// does not support fieldRef: its pods get only the values that are known already. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"

namespace dualtrace::ctl {

inline constexpr std::string_view kOurPrefix = "DUALTRACE_";
inline constexpr std::string_view kResourceAttributes = "OTEL_RESOURCE_ATTRIBUTES";

struct WantedAttribute {
  std::string key;
  std::string value;                     // encoded as in resource_attributes.h
  std::vector<std::string_view> refers;  // to these variables
};

// If two have the same key, the first takes precedence.
[[nodiscard]] std::vector<WantedAttribute> wanted_attributes(const Json& pod,
                                                             std::string_view container,
                                                             std::string_view namespace_name);

// The entry of env that sets one of these variables.
[[nodiscard]] Json field_variable(std::string_view name);

}  // namespace dualtrace::ctl

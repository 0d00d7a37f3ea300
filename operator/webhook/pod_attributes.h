// SPDX-License-Identifier: Apache-2.0
#pragma once
// The resource attributes that a container gets, in order of precedence: what the pod's annotations
// ask for, then OpenTelemetry's for Kubernetes. What is not known before the pod runs comes by the
// downward API, into variables of our own that the attributes refer to; but not in pods of Knative,
// which takes no fieldRef: these get what is known already. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"

namespace dualtrace::ctl {

inline constexpr std::string_view kOurPrefix = "DUALTRACE_";

struct WantedAttribute {
  std::string key;
  std::string value;                     // as resource_attributes.h has it
  std::vector<std::string_view> refers;  // to these variables
};

// Of two with one key, the first is meant.
[[nodiscard]] std::vector<WantedAttribute> wanted_attributes(const Json& pod,
                                                             std::string_view container,
                                                             std::string_view namespace_name);

// The entry of env that makes one of the variables above.
[[nodiscard]] Json field_variable(std::string_view name);

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a pod asks for: its annotation dualtrace.dev/inject, or else the label of its namespace,
// read into a request. pod_reviewer.h is its user; choose_export.h goes on. Pure.

#include <optional>
#include <string>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/api/label_selector.h"
#include "operator/webhook/refusal.h"

namespace dualtrace::ctl {

struct PodNamespace {
  std::string name;
  std::optional<Labels> labels;  // nullopt: not known
};

struct InjectionRequest {
  // The export that is named; nullopt for "true": the only one there is.
  std::optional<kube::ObjectKey> named;
  bool operator==(const InjectionRequest&) const = default;
};

// nullopt: it asks for nothing, or says that it wants nothing.
[[nodiscard]] std::optional<OrRefusal<InjectionRequest>> read_request(const Json& pod,
                                                                      const PodNamespace& from);
// The same, of the annotation's value; nullopt where the pod has none.
[[nodiscard]] std::optional<OrRefusal<InjectionRequest>> read_request(
    const std::optional<std::string>& own, const PodNamespace& from);

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a pod requests: its annotation dualtrace.dev/inject, or else the label of its namespace,
// parsed into a request. Used by pod_reviewer.h; choose_export.h resolves it. Pure.

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
  // The named export; nullopt for "true": the only one.
  std::optional<kube::ObjectKey> named;
  bool operator==(const InjectionRequest&) const = default;
};

// nullopt: it asks for nothing, or opts out.
[[nodiscard]] std::optional<OrRefusal<InjectionRequest>> read_request(const Json& pod,
                                                                      const PodNamespace& from);
// The same, for the annotation's value; `own` is nullopt if the pod has none.
[[nodiscard]] std::optional<OrRefusal<InjectionRequest>> read_request(
    const std::optional<std::string>& own, const PodNamespace& from);

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// The workload that a pod belongs to and the name of its service, by OpenTelemetry's conventions
// for Kubernetes, from information available when the pod is created: its owner, labels and
// annotations. Nothing is looked up; service_labels.h knows the platforms. Pure.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/json/json.h"

namespace dualtrace::ctl {

struct Workload {
  // k8s.deployment.name, k8s.replicaset.name, …: of the owner and of its owner. None for a kind for
  // which OpenTelemetry has no attribute.
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string name;  // of the outermost known one; "" if there is none
};
[[nodiscard]] Workload workload_of(const Json& pod);

// "" if the pod does not have the annotation.
[[nodiscard]] std::string_view annotation_of(const Json& pod, std::string_view name);

// The service's name for one of the pod's containers; never empty if the container has a name.
[[nodiscard]] std::string service_name(const Json& pod, std::string_view container);

// Attributes from the annotations resource.opentelemetry.io/…, without service.name.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> annotated_attributes(
    const Json& pod);

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a pod belongs to and what its service is called, by OpenTelemetry's conventions for
// Kubernetes, from what is known when the pod is created: its owner, labels and annotations.
// Nothing is looked up; service_labels.h knows the platforms. Pure.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/json/json.h"

namespace dualtrace::ctl {

struct Workload {
  // k8s.deployment.name, k8s.replicaset.name, …: of the owner and of the owner's. None of a kind
  // that OpenTelemetry has no word for.
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string name;  // of the outermost one that is known; "" when there is none
};
[[nodiscard]] Workload workload_of(const Json& pod);

// "" when the annotation is not there.
[[nodiscard]] std::string_view annotation_of(const Json& pod, std::string_view name);

// The service's name for one of the pod's containers; never empty when the container has a name.
[[nodiscard]] std::string service_name(const Json& pod, std::string_view container);

// Attributes that annotations resource.opentelemetry.io/… ask for, without service.name.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> annotated_attributes(
    const Json& pod);

}  // namespace dualtrace::ctl

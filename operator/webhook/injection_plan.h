// SPDX-License-Identifier: Apache-2.0
#pragma once
// InjectionPlan: which variables each container of a pod gets so that its spans go to an export's
// agents. It is the intent from which pod_patch.h makes a patch. Variables that the user set with
// `env` stay unchanged, and those that `envFrom` may set are not overridden: a variable is added
// only if none of that name can exist. A pod that has all of its variables gets an empty plan, so
// that it can be reviewed again. docs/decisions/0019-injection.md explains these rules. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/webhook/cluster_dns.h"
#include "operator/webhook/refusal.h"
#include "operator/webhook/warning.h"

namespace dualtrace::ctl {

struct AppendedText {
  size_t position = 0;  // in the container's env, as the user wrote it
  std::string value;    // the whole text; it begins with what the user wrote
  bool operator==(const AppendedText&) const = default;
};

struct ContainerChange {
  std::string list;  // "containers", "initContainers"
  size_t index = 0;
  // Entries of env. The kubelet resolves `$(NAME)` only from earlier entries: variables that ours
  // refer to go before the user's, and ours go after them, where they affect no reference.
  std::vector<Json> first;
  std::vector<Json> last;
  std::optional<AppendedText> appended;
  bool operator==(const ContainerChange&) const = default;
};

struct ContainerLeft {  // a container that gets nothing
  std::string name;
  Refusal refusal;
};

struct InjectionPlan {
  std::vector<ContainerChange> changes;  // without those that change nothing
  std::vector<ContainerLeft> left;       // never all chosen containers: that is a refusal
  PodWarnings warnings;                  // about the containers that get their variables
};

struct InjectionTarget {
  std::string namespace_name;  // the pod's
  kube::ObjectKey export_key;
  ClusterDns dns;
};

// Whether one of the pod's containers has the endpoint of that export's agents. The annotation
// alone does not prove it: people copy annotations from running pods into templates.
[[nodiscard]] bool has_variables(const Json& pod, const kube::ObjectKey& export_key);

// The pod must have passed check_readable().
[[nodiscard]] OrRefusal<InjectionPlan> plan_injection(const Json& pod,
                                                      const InjectionTarget& target);

}  // namespace dualtrace::ctl

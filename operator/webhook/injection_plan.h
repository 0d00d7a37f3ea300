// SPDX-License-Identifier: Apache-2.0
#pragma once
// InjectionPlan: which variables each container of a pod gets so that its spans go to an export's
// agents: the intent, from which pod_patch.h makes a patch. What the user set by `env` stays as it
// is, and what `envFrom` may set is not overridden: a variable is added only where none of that
// name can be. A pod that has what it needs gets an empty plan, so that it can be looked at again.
// docs/decisions/0019-injection.md says why the rules are these. Pure.

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
  std::string value;    // the whole; it begins with what the user wrote
  bool operator==(const AppendedText&) const = default;
};

struct ContainerChange {
  std::string list;  // "containers", "initContainers"
  size_t index = 0;
  // Entries of env. The kubelet resolves `$(NAME)` from earlier ones only: what ours refer to goes
  // before the user's variables, ours themselves behind them, where they change no reference.
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
  std::vector<ContainerLeft> left;       // not all that were chosen: that is a refusal
  PodWarnings warnings;                  // of the containers that get their variables
};

struct InjectionTarget {
  std::string namespace_name;  // the pod's
  kube::ObjectKey export_key;
  ClusterDns dns;
};

// Whether one of the pod's containers has the endpoint of that export's agents. What stands on a
// pod is not believed without: annotations are copied from pods that run into templates.
[[nodiscard]] bool has_variables(const Json& pod, const kube::ObjectKey& export_key);

// The pod is one that check_readable() has passed.
[[nodiscard]] OrRefusal<InjectionPlan> plan_injection(const Json& pod,
                                                      const InjectionTarget& target);

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prune.h"

#include <algorithm>

#include "common/log/log.h"

namespace dualtrace::ctl {
namespace {

bool is_controller(const Json& owner) {
  const auto controller = owner.find("controller");
  return controller != owner.end() && *controller == true;
}

// Owned by this export, or by a previous export with its name.
bool is_owned_by(const Json& object, const DualTraceExport& wanted) {
  const Json& owners = array_at(object, {"metadata", "ownerReferences"});
  return std::any_of(owners.begin(), owners.end(), [&](const Json& owner) {
    if (text_at(owner, {"uid"}) == wanted.uid) return true;
    return is_controller(owner) && text_at(owner, {"kind"}) == kDualTraceExports.kind &&
           text_at(owner, {"apiVersion"})
               .starts_with(std::string(kDualTraceExports.group).append("/")) &&
           text_at(owner, {"name"}) == wanted.key.name;
  });
}

bool is_planned(const Plan& plan, const kube::ResourceType& type, const kube::ObjectKey& key) {
  return std::any_of(plan.objects.begin(), plan.objects.end(), [&](const PlannedObject& planned) {
    return planned.type == type && kube::key_of(planned.object) == key;
  });
}

Status remove(kube::Api& api, const kube::ResourceType& type, const Json& child) {
  const Status removed = api.remove(
      type, kube::key_of(child),
      {.uid = std::string(text_at(child, {"metadata", "uid"})),
       .resource_version = std::string(text_at(child, {"metadata", "resourceVersion"}))});
  if (!removed && removed.error().kind == ErrorKind::kNotFound) return {};
  return removed;
}

}  // namespace

std::optional<WriteFailure> prune(kube::Api& api, const Plan& plan, const Children& children,
                                  const DualTraceExport& wanted, MetricRegistry& metrics) {
  std::optional<WriteFailure> first;
  for (const kube::ResourceType& type : planned_types()) {
    for (const kube::ObjectPointer& child : children.of(type)) {
      const kube::ObjectKey key = kube::key_of(*child);
      const bool ending = kube::is_ending(*child);
      if (ending || !is_owned_by(*child, wanted) || is_planned(plan, type, key)) continue;
      const Status removed = remove(api, type, *child);
      if (!removed) {
        if (!first) first = {removed.error(), describe(type, key)};
        if (removed.error().kind == ErrorKind::kCancelled) return first;
        continue;
      }
      log_info("removed an object that is no longer planned", {{"object", describe(type, key)}});
      metrics
          .counter("dualtrace_operator_pruned_total",
                   "Child objects removed because they were no longer planned",
                   {{"kind", std::string(type.kind)}})
          .increment();
    }
  }
  return first;
}

}  // namespace dualtrace::ctl

#include "operator/reconcile/prune.h"

#include <algorithm>

#include "common/log/log.h"

namespace dualtrace::ctl {
namespace {

bool is_owned_by(const Json& object, const std::string& uid) {
  const Json& owners = array_at(object, {"metadata", "ownerReferences"});
  return std::any_of(owners.begin(), owners.end(),
                     [&](const Json& owner) { return text_at(owner, {"uid"}) == uid; });
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
                                  const std::string& export_uid, MetricRegistry& metrics) {
  std::optional<WriteFailure> first;
  for (const kube::ResourceType& type : planned_types()) {
    for (const kube::ObjectPointer& child : children.of(type)) {
      const kube::ObjectKey key = kube::key_of(*child);
      const bool ending = kube::is_ending(*child);
      if (ending || !is_owned_by(*child, export_uid) || is_planned(plan, type, key)) continue;
      const Status removed = remove(api, type, *child);
      if (!removed) {
        if (!first) first = {removed.error(), describe(type, key)};
        if (removed.error().kind == ErrorKind::kCancelled) return first;
        continue;
      }
      log_info("removed what is not planned any more", {{"object", describe(type, key)}});
      metrics
          .counter("dualtrace_operator_pruned_total", "Children removed that were not planned",
                   {{"kind", std::string(type.kind)}})
          .increment();
    }
  }
  return first;
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/app/namespace_news.h"

#include <algorithm>
#include <utility>

#include "common/log/log.h"
#include "operator/reconcile/status_writer.h"

namespace dualtrace::ctl {

namespace {

kube::Event event_of(Json reference, kube::Event::Type type, std::string reason, std::string note) {
  return {.regarding = std::move(reference),
          .type = type,
          .reason = std::move(reason),
          .action = "Watch",
          .note = std::move(note)};
}

}  // namespace

NamespaceNews::NamespaceNews(const std::vector<std::string>& namespaces, kube::EventSink& events,
                             Exports exports, MetricRegistry& metrics)
    : events_(events), exports_(std::move(exports)) {
  for (const std::string& name : namespaces) {
    const auto served = std::make_shared<std::atomic<bool>>(true);
    metrics.observe(
        MetricRegistry::ValueType::kGauge, "dualtrace_operator_namespace_served",
        "1 if the operator can list and watch this namespace of --watch-namespaces, else 0",
        {{"namespace", name}}, [served] { return *served ? 1.0 : 0.0; });
    namespaces_.emplace(name, Namespace{served});
  }
}

void NamespaceNews::note(const std::vector<Informers::Unserved>& unserved) {
  for (auto& [name, space] : namespaces_) {
    const auto closed =
        std::find_if(unserved.begin(), unserved.end(),
                     [&name = name](const auto& one) { return one.namespace_name == name; });
    if (closed == unserved.end()) {
      tell_open(space, name);
    } else {
      tell_closed(space, *closed);
    }
  }
}

void NamespaceNews::tell_closed(Namespace& space, const Informers::Unserved& one) {
  if (space.served->exchange(false)) {
    log_error(
        "a namespace is not served: the namespace, or the operator's Role or RoleBinding in it, "
        "was deleted; the others are still served, and this one again once these exist",
        {{"namespace", one.namespace_name}, {"error", one.why}});
  }
  // Some exports become known only after the namespace is closed, or this replica leads later.
  for (const kube::ObjectPointer& known : exports_(one.namespace_name)) {
    const auto [told, is_new] =
        space.told.try_emplace(kube::key_of(*known), reference_to_export(*known));
    if (!is_new) continue;
    events_.record(event_of(told->second, kube::Event::Type::kWarning, "NamespaceNotServed",
                            "the operator may not read this namespace, and its agents keep running "
                            "unchanged: " +
                                one.why + "; restore the operator's Role and RoleBinding"));
  }
}

void NamespaceNews::tell_open(Namespace& space, const std::string& name) {
  if (space.served->exchange(true)) return;
  log_info("a namespace is served again", {{"namespace", name}});
  for (const auto& [key, reference] : std::exchange(space.told, {})) {
    events_.record(event_of(reference, kube::Event::Type::kNormal, "NamespaceServed",
                            "the operator can read this namespace again"));
  }
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/app/informers.h"

#include <algorithm>
#include <utility>

#include "common/log/log.h"
#include "common/random/random.h"
#include "operator/api/dual_trace_export.h"
#include "operator/census/census.h"
#include "operator/control/triggers.h"
#include "operator/plan/names.h"
#include "operator/plan/plan.h"
#include "operator/reconcile/trim.h"

namespace dualtrace::ctl {
namespace {

std::string index_of(std::string_view namespace_name, std::string_view export_label) {
  return std::string(namespace_name).append("/").append(export_label);
}

std::string export_index(const Json& object) {
  return index_of(text_at(object, {"metadata", "namespace"}),
                  export_label_value(text_at(object, {"metadata", "name"})));
}

std::string owned_index(const Json& object) {
  const std::string_view label = text_at(object, {"metadata", "labels", kExportLabel});
  if (label.empty()) return {};
  return index_of(text_at(object, {"metadata", "namespace"}), label);
}

kube::Informer::Options of_exports(const std::string& namespace_name) {
  return {.selection = {.type = kDualTraceExports,
                        .namespace_name = namespace_name,
                        .trim = trim_export},
          .index = export_index};
}

kube::Informer::Options of_owned(const kube::ResourceType& type,
                                 const std::string& namespace_name) {
  const bool whole = type == kube::kDaemonSets || type == kube::kPods;
  return {.selection = {.type = type,
                        .namespace_name = namespace_name,
                        .label_selector = std::string(kManagedBySelector),
                        .form = whole ? kube::Form::kWhole : kube::Form::kMetadata,
                        .trim = trim_of(type)},
          .index = owned_index};
}

// Pods that have completed do not count.
kube::Selection of_asking_pods(const std::string& namespace_name) {
  return {.type = kube::kPods,
          .namespace_name = namespace_name,
          .field_selector = "status.phase!=Succeeded,status.phase!=Failed",
          .form = kube::Form::kMetadata,
          .trim = trim_asking_pod};
}

Labels labels_of(const Json& object) {
  Labels labels;
  if (const Json* members = find(object, {"metadata", "labels"})) {
    for (const auto& [key, value] : members->items()) {
      if (value.is_string()) labels.emplace(key, value.get<std::string>());
    }
  }
  return labels;
}

void trim_namespace(Json& object) {
  Json kept = Json::object();
  for (const std::string_view name : {"name", "uid", "resourceVersion", "labels"}) {
    if (const Json* found = find(object, {"metadata", name})) kept[std::string(name)] = *found;
  }
  object = {{"metadata", std::move(kept)}};
}

kube::Informer::Options of_namespaces() {
  return {.selection = {
              .type = kube::kNamespaces, .form = kube::Form::kMetadata, .trim = trim_namespace}};
}

// Errors that a retry cannot fix until somebody grants the missing permission.
bool is_shut(const std::optional<Error>& failure) {
  return failure && (failure->kind == ErrorKind::kDenied || failure->kind == ErrorKind::kNotFound);
}

}  // namespace

Informers::Informers(std::vector<std::string> namespaces, const Parts& parts, Listeners listeners)
    : scope_(parts.scope), book_(parts.consent) {
  if (namespaces.empty()) namespaces.emplace_back();
  if (listeners.request_changed) {
    listeners.export_changed =
        [this, tell = std::move(listeners.export_changed)](const kube::Change& change) {
          const Json* after = change.after.get();
          const bool served = after != nullptr && scope_.serves(change.key.namespace_name, *after);
          book_.note(change.key, served ? after : nullptr);
          tell(change);
        };
  }
  namespaces_ = namespaces.size();
  listeners.export_changed =
      [this, tell = std::move(listeners.export_changed)](const kube::Change& change) {
        tell_of_others(change);
        tell(change);
      };
  for (const std::string& name : namespaces) {
    watch(parts, of_exports(name), listeners.export_changed);
    for (const kube::ResourceType& type : planned_types()) {
      watch(parts, of_owned(type, name), listeners.child_changed);
    }
    watch(parts, of_owned(kube::kPods, name), listeners.pod_changed);
  }
  if (listeners.request_changed) watch_requests(parts, namespaces, listeners.request_changed);
}

// Once for each export, and again after it changes its class.
void Informers::tell_of_others(const kube::Change& change) const {
  if (!change.after || scope_.serves(change.key.namespace_name, *change.after)) return;
  const std::string_view class_name = text_at(*change.after, {"spec", "className"});
  if (change.before && text_at(*change.before, {"spec", "className"}) == class_name) return;
  log_info(
      "this export has another class or is in an excluded namespace; this operator leaves it to "
      "another",
      {{"export", change.key.to_string()},
       {"class", class_name},
       {"own_class", scope_.class_name}});
}

void Informers::watch_requests(const Parts& parts, const std::vector<std::string>& namespaces,
                               const std::function<void()>& listener) {
  for (const std::string& name : namespaces) {
    auto pods = std::make_shared<AskingPods>(listener);
    auto reflector = std::make_unique<kube::Reflector>(
        kube::Reflector::Options{.selection = of_asking_pods(name)}, parts.api, parts.scheduler,
        entropy(), parts.metrics, pods);
    asking_.push_back({name, std::move(pods), std::move(reflector)});
  }
  // An operator with access to single namespaces only may not list namespaces.
  if (!namespaces.front().empty()) return;
  watch(parts, of_namespaces(), [listener](const kube::Change&) { listener(); });
}

void Informers::watch(const Parts& parts, kube::Informer::Options options,
                      kube::Informer::Listener listener) {
  const kube::Selection& selection = options.selection;
  Watched watched{selection.type, selection.namespace_name, nullptr};
  watched.informer =
      std::make_unique<kube::Informer>(std::move(options), parts.api, parts.scheduler, entropy(),
                                       parts.metrics, std::move(listener));
  watched_.push_back(std::move(watched));
}

void Informers::start() {
  for (const Watched& watched : watched_) watched.informer->start();
  for (const Asking& asking : asking_) asking.reflector->start();
}

std::vector<Informers::Source> Informers::sources() const {
  std::vector<Source> all;
  for (const Watched& one : watched_) {
    all.push_back({std::string(one.type.plural), one.namespace_name, one.informer->synced(),
                   one.informer->failure()});
  }
  for (const Asking& one : asking_) {
    all.push_back({"all " + std::string(kube::kPods.plural), one.namespace_name,
                   one.reflector->synced(), one.reflector->failure()});
  }
  return all;
}

std::vector<Informers::Unserved> Informers::unserved() const { return unserved(sources()); }

// An operator that serves all namespaces has no other namespace to continue with.
std::vector<Informers::Unserved> Informers::unserved(const std::vector<Source>& sources) {
  std::vector<Unserved> found;
  for (const Source& source : sources) {
    if (source.namespace_name.empty() || !is_shut(source.failure)) continue;
    const auto known = std::find_if(found.begin(), found.end(), [&](const Unserved& one) {
      return one.namespace_name == source.namespace_name;
    });
    if (known == found.end()) found.push_back({source.namespace_name, source.failure->message});
  }
  return found;
}

std::vector<std::string> Informers::unsynced() const {
  const std::vector<Source> all = sources();
  const std::vector<Unserved> unserved = Informers::unserved(all);
  const bool serves_some = unserved.size() < namespaces_;
  std::vector<std::string> names;
  for (const Source& source : all) {
    const bool shut = std::any_of(unserved.begin(), unserved.end(), [&](const Unserved& one) {
      return one.namespace_name == source.namespace_name;
    });
    if (source.synced || (shut && serves_some)) continue;
    names.push_back(source.what);
    if (!source.namespace_name.empty()) names.back() += " in " + source.namespace_name;
  }
  return names;
}

bool Informers::knows(const std::string& namespace_name) const {
  return std::all_of(watched_.begin(), watched_.end(), [&](const Watched& one) {
    const bool covers = one.namespace_name.empty() || one.namespace_name == namespace_name;
    return !covers || one.informer->synced();
  });
}

std::vector<kube::ObjectPointer> Informers::exports_of(const std::string& namespace_name) const {
  const kube::Store* const exports = store(kDualTraceExports, namespace_name);
  std::vector<kube::ObjectPointer> found;
  if (exports == nullptr) return found;
  for (kube::ObjectPointer& one : exports->all()) {
    if (kube::key_of(*one).namespace_name == namespace_name) found.push_back(std::move(one));
  }
  return found;
}

const kube::Store* Informers::store(const kube::ResourceType& type,
                                    const std::string& namespace_name) const {
  for (const Watched& watched : watched_) {
    const bool covers = watched.namespace_name.empty() || watched.namespace_name == namespace_name;
    if (covers && watched.type == type) {
      return &watched.informer->store();
    }
  }
  return nullptr;
}

std::vector<kube::ObjectKey> Informers::exports_by_label(const std::string& namespace_name,
                                                         const std::string& export_label) const {
  const kube::Store* const exports = store(kDualTraceExports, namespace_name);
  if (exports == nullptr) return {};
  std::vector<kube::ObjectKey> keys;
  for (const kube::ObjectPointer& found : exports->select(index_of(namespace_name, export_label))) {
    keys.push_back(kube::key_of(*found));
  }
  return keys;
}

kube::ObjectPointer Informers::find_export(const kube::ObjectKey& key) const {
  const kube::Store* const exports = store(kDualTraceExports, key.namespace_name);
  return exports == nullptr ? nullptr : exports->get(key);
}

std::vector<kube::ObjectPointer> Informers::children(const kube::ResourceType& type,
                                                     const kube::ObjectKey& export_key) const {
  return select(type, export_key);
}

std::vector<kube::ObjectPointer> Informers::pods(const kube::ObjectKey& export_key) const {
  return select(kube::kPods, export_key);
}

std::shared_ptr<const KnownExports> Informers::exports() const { return book_.read(); }

std::vector<AskingPodPointer> Informers::asking_pods() const {
  std::vector<AskingPodPointer> found;
  for (const Asking& asking : asking_) {
    for (AskingPodPointer& one : asking.pods->all()) found.push_back(std::move(one));
  }
  return found;
}

std::optional<Labels> Informers::namespace_labels(const std::string& name) const {
  for (const Watched& watched : watched_) {
    if (watched.type != kube::kNamespaces) continue;
    const kube::ObjectPointer found = watched.informer->store().get({"", name});
    if (found == nullptr) return std::nullopt;
    return labels_of(*found);
  }
  return std::nullopt;
}

std::vector<PodNamespace> Informers::namespaces() const {
  std::vector<PodNamespace> known;
  for (const Watched& watched : watched_) {
    if (watched.type == kube::kNamespaces) {
      for (const kube::ObjectPointer& one : watched.informer->store().all()) {
        known.push_back({kube::key_of(*one).name, labels_of(*one)});
      }
    } else if (watched.type == kDualTraceExports && !watched.namespace_name.empty()) {
      known.push_back({watched.namespace_name, std::nullopt});
    }
  }
  return known;
}

std::vector<kube::ObjectPointer> Informers::select(const kube::ResourceType& type,
                                                   const kube::ObjectKey& export_key) const {
  const kube::Store* const objects = store(type, export_key.namespace_name);
  if (objects == nullptr) return {};
  return objects->select(index_of(export_key.namespace_name, export_label_value(export_key.name)));
}

}  // namespace dualtrace::ctl

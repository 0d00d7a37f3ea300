// SPDX-License-Identifier: Apache-2.0
#include "operator/control/triggers.h"

#include <algorithm>
#include <utility>

#include "operator/api/dual_trace_export.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

bool differ(const Json& before, const Json& after, JsonPath path) {
  const Json* const was = find(before, path);
  const Json* const is = find(after, path);
  if (was == nullptr || is == nullptr) return was != is;
  return *was != *is;
}

bool is_export_reference(const Json& reference) {
  const auto controller = reference.find("controller");
  return text_at(reference, {"kind"}) == kDualTraceExports.kind &&
         text_at(reference, {"apiVersion"})
             .starts_with(std::string(kDualTraceExports.group) + "/") &&
         controller != reference.end() && *controller == true;
}

OwnerHint owner_of(const Json& object) {
  OwnerHint hint{.namespace_name = std::string(text_at(object, {"metadata", "namespace"}))};
  for (const Json& reference : array_at(object, {"metadata", "ownerReferences"})) {
    if (!is_export_reference(reference)) continue;
    hint.export_name = text_at(reference, {"name"});
    return hint;
  }
  hint.export_label = text_at(object, {"metadata", "labels", kExportLabel});
  return hint;
}

Json without_versions(Json object) {
  if (const auto metadata = object.find("metadata");
      metadata != object.end() && metadata->is_object()) {
    metadata->erase("resourceVersion");
    metadata->erase("managedFields");
  }
  return object;
}

}  // namespace

ExportTrigger trigger_of_export(const kube::Change& change) {
  if (!change.before || !change.after) return ExportTrigger::kAnew;
  const Json& before = *change.before;
  const Json& after = *change.after;
  // Deleted and created again while the watch was disconnected: the same name, another uid.
  if (differ(before, after, {"metadata", "uid"}) ||
      differ(before, after, {"metadata", "generation"}) ||
      differ(before, after, {"metadata", "deletionTimestamp"})) {
    return ExportTrigger::kAnew;
  }
  // Also for our own status: nothing else reliably shows that somebody else has written to it, and
  // a reconciliation without work sends no requests.
  const bool again =
      differ(before, after, {"metadata", "annotations"}) || differ(before, after, {"status"});
  return again ? ExportTrigger::kAgain : ExportTrigger::kNone;
}

void trim_export(Json& object) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return;
  if (const auto annotations = metadata->find("annotations");
      annotations != metadata->end() && annotations->is_object()) {
    annotations->erase(std::string(kLastApplied));
  }
  metadata->erase("managedFields");
}

std::vector<OwnerHint> owners_of(const kube::Change& change) {
  std::vector<OwnerHint> owners;
  for (const kube::ObjectPointer& object : {change.after, change.before}) {
    if (!object) continue;
    OwnerHint owner = owner_of(*object);
    if (owner.export_name.empty() && owner.export_label.empty()) continue;
    if (std::find(owners.begin(), owners.end(), owner) == owners.end()) {
      owners.push_back(std::move(owner));
    }
  }
  return owners;
}

bool content_changed(const kube::Change& change) {
  return !change.before || !change.after ||
         without_versions(*change.before) != without_versions(*change.after);
}

Triggers::Triggers(WorkQueue& queue, FindByLabel find_by_label)
    : queue_(queue), find_by_label_(std::move(find_by_label)) {}

void Triggers::export_changed(const kube::Change& change) {
  const ExportTrigger trigger = trigger_of_export(change);
  if (trigger == ExportTrigger::kNone) return;
  if (trigger == ExportTrigger::kAnew) queue_.forget(change.key);
  queue_.add(change.key);
}

void Triggers::pod_changed(const kube::Change& change) {
  if (content_changed(change)) child_changed(change);
}

void Triggers::child_changed(const kube::Change& change) {
  for (const OwnerHint& owner : owners_of(change)) {
    if (!owner.export_name.empty()) {
      queue_.add({owner.namespace_name, owner.export_name});
      continue;
    }
    for (const kube::ObjectKey& key : find_by_label_(owner.namespace_name, owner.export_label)) {
      queue_.add(key);
    }
  }
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Triggers: maps a change of an object to the exports to reconcile. The content of the change is
// dropped here: only the key goes into the queue. Called by the informers' listeners
// (operator/app). Pure, except for Triggers, which is as thread-safe as its arguments.

#include <functional>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/kube/informer.h"
#include "common/kube/object.h"
#include "operator/control/work_queue.h"

namespace dualtrace::ctl {

// Whether the export itself must be reconciled.
enum class ExportTrigger {
  kNone,   // nothing relevant
  kAgain,  // annotations, or a status, whoever wrote it
  kAnew,   // it was created or deleted, or its spec changed: earlier failures no longer count
};
[[nodiscard]] ExportTrigger trigger_of_export(const kube::Change& change);

// Keeps the parts of an export that reconcile/ and trigger_of_export() read.
void trim_export(Json& object);

// How an owned object (a child or a pod) refers to its export.
struct OwnerHint {
  std::string namespace_name{};
  std::string export_name{};   // by its controller reference, or ""
  std::string export_label{};  // if it has no such reference (or no longer), or ""
  bool operator==(const OwnerHint&) const = default;
};
// The owners of the current object and, if they differ, of the previous one.
[[nodiscard]] std::vector<OwnerHint> owners_of(const kube::Change& change);
// Whether two trimmed states of an object differ in the kept parts. Not for objects whose metadata
// alone is watched: an edit of a ConfigMap changes only its version there.
[[nodiscard]] bool content_changed(const kube::Change& change);

class Triggers {
 public:
  // The exports of a namespace with that value of kExportLabel: a name may be too long for a label,
  // so the label does not determine the name.
  using FindByLabel = std::function<std::vector<kube::ObjectKey>(const std::string& namespace_name,
                                                                 const std::string& export_label)>;
  Triggers(WorkQueue& queue, FindByLabel find_by_label);

  void export_changed(const kube::Change& change);
  // An object of a planned kind.
  void child_changed(const kube::Change& change);
  void pod_changed(const kube::Change& change);

 private:
  WorkQueue& queue_;
  const FindByLabel find_by_label_;
};

}  // namespace dualtrace::ctl

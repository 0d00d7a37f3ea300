// SPDX-License-Identifier: Apache-2.0
#pragma once
// Triggers: from a change of an object to the exports to look at. Here the change is forgotten:
// only the key goes on. Called by the informers' listeners (operator/app). Pure, but for
// Triggers, which is as thread-safe as what it is given.

#include <functional>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/kube/informer.h"
#include "common/kube/object.h"
#include "operator/control/work_queue.h"

namespace dualtrace::ctl {

// Whether the export itself wants to be looked at.
enum class ExportTrigger {
  kNone,   // nothing that matters
  kAgain,  // annotations, or a status, whoever wrote it
  kAnew,   // it came or went, or it asks for something else: earlier failures say nothing now
};
[[nodiscard]] ExportTrigger trigger_of_export(const kube::Change& change);

// Leaves of an export what reconcile/ and trigger_of_export() read.
void trim_export(Json& object);

// What an owned object, a child or a pod, says about whose it is.
struct OwnerHint {
  std::string namespace_name{};
  std::string export_name{};   // by its controller reference, or ""
  std::string export_label{};  // when it has no such reference (any more), or ""
  bool operator==(const OwnerHint&) const = default;
};
// Of the object as it is and, if those are others, as it was.
[[nodiscard]] std::vector<OwnerHint> owners_of(const kube::Change& change);
// Whether two trimmed states of an object differ in what was kept of it. Not for objects that are
// watched by metadata alone: an edit of a ConfigMap shows in nothing but its version.
[[nodiscard]] bool content_changed(const kube::Change& change);

class Triggers {
 public:
  // The exports of a namespace with that value of kExportLabel: names may have been too long for
  // a label, so that a label does not tell the name.
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

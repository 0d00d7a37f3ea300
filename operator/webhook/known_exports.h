// SPDX-License-Identifier: Apache-2.0
#pragma once
// KnownExports: for every export, by its name, the data needed to choose one for a pod. It is read
// from the object once, when that changes, and not for each pod: reading a thousand takes
// milliseconds. An export that is being deleted no longer counts. Values; the functions are pure.
// ExportBook: the current KnownExports. One informer writes each change into it. Reviews take an
// immutable copy, which they share until the next change and may keep. A change that makes no
// difference to pods (a status) makes no new copy. Used by operator/app. Thread-safe.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "common/sync/mutex.h"
#include "operator/api/consent.h"
#include "operator/api/label_selector.h"

namespace dualtrace::ctl {

struct KnownExport {
  bool faulty = true;
  std::optional<LabelSelector> others{};  // admitted besides its own namespace; nullopt: none
  bool lets_all_send = false;             // its agents' NetworkPolicy admits every pod
  bool meant_elsewhere = false;           // by "true" in a namespace that has no export
  bool operator==(const KnownExport&) const = default;
};

using KnownExports = std::map<kube::ObjectKey, KnownExport>;

// Checks the whole object, as parse_export() does. `key`: an object that is about to be created may
// not have its namespace yet.
[[nodiscard]] KnownExport read_known_export(const kube::ObjectKey& key, const Json& object,
                                            const ConsentRules& rules);

// The exports of one namespace, in the order of their names. Valid as long as `exports` lives.
[[nodiscard]] std::vector<const KnownExports::value_type*> exports_in(
    const std::string& namespace_name, const KnownExports& exports);

class ExportBook {
 public:
  explicit ExportBook(ConsentRules rules = {}) : rules_(std::move(rules)) {}

  // nullptr: the export no longer exists.
  void note(const kube::ObjectKey& key, const Json* object);
  [[nodiscard]] std::shared_ptr<const KnownExports> read() const;

 private:
  void forget(const kube::ObjectKey& key);

  const ConsentRules rules_;

  mutable Mutex mutex_;
  KnownExports known_ DT_GUARDED_BY(mutex_);
  // Made for the first reader after a change, because the initial list brings thousands of changes
  // together.
  mutable std::shared_ptr<const KnownExports> copy_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// ExportBook: the KnownExports of this moment. One informer writes each change into it; whoever
// reviews a pod takes a copy that all share until the next change, and may keep it. A change that
// makes no difference to a pod (a status) makes no new copy. Used by operator/app.
// Thread-safe.

#include <memory>
#include <utility>

#include "common/sync/mutex.h"
#include "operator/webhook/known_exports.h"

namespace dualtrace::ctl {

class ExportBook {
 public:
  explicit ExportBook(ConsentRules rules = {}) : rules_(std::move(rules)) {}

  // nullptr: there is none of that name any more.
  void note(const kube::ObjectKey& key, const Json* object);
  [[nodiscard]] std::shared_ptr<const KnownExports> read() const;

 private:
  void forget(const kube::ObjectKey& key);

  const ConsentRules rules_;

  mutable Mutex mutex_;
  KnownExports known_ DT_GUARDED_BY(mutex_);
  // Made for the first reader after a change: thousands come at once, in the first list.
  mutable std::shared_ptr<const KnownExports> copy_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::ctl

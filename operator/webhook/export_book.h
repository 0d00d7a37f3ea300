// SPDX-License-Identifier: Apache-2.0
#pragma once
// ExportBook: the current KnownExports. One informer writes each change into it. Reviews take an
// immutable copy, which they share until the next change and may keep. A change that makes no
// difference to pods (a status) makes no new copy. Used by operator/app.
// Thread-safe.

#include <memory>
#include <utility>

#include "common/sync/mutex.h"
#include "operator/webhook/known_exports.h"

namespace dualtrace::ctl {

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
  // Made for the first reader after a change, because the initial list brings thousands at once.
  mutable std::shared_ptr<const KnownExports> copy_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/export_book.h"

#include <utility>

namespace dualtrace::ctl {

void ExportBook::note(const kube::ObjectKey& key, const Json* object) {
  if (object == nullptr || kube::is_ending(*object)) return forget(key);
  KnownExport known = read_known_export(key, *object, rules_);
  const Lock lock(mutex_);
  const auto held = known_.find(key);
  if (held != known_.end() && held->second == known) return;
  known_.insert_or_assign(key, std::move(known));
  copy_.reset();
}

void ExportBook::forget(const kube::ObjectKey& key) {
  const Lock lock(mutex_);
  if (known_.erase(key) > 0) copy_.reset();
}

std::shared_ptr<const KnownExports> ExportBook::read() const {
  const Lock lock(mutex_);
  if (copy_ == nullptr) copy_ = std::make_shared<const KnownExports>(known_);
  return copy_;
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/known_exports.h"

#include <utility>

#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {

KnownExport read_known_export(const kube::ObjectKey& key, const Json& object,
                              const ConsentRules& rules) {
  const Consent consent = consent_of(object, rules);
  KnownExport known;
  known.meant_elsewhere = is_meant_elsewhere(key.namespace_name, consent, rules);
  const ExportOrFaults parsed = parse_export(object);
  if (!parsed.value) return known;
  known.faulty = false;
  const auto& written = parsed.value->injection.namespace_selector;
  known.others = who_may_ask(written, consent);
  known.lets_all_send = who_may_send(written, consent) == LabelSelector{};
  return known;
}

std::vector<const KnownExports::value_type*> exports_in(const std::string& namespace_name,
                                                        const KnownExports& exports) {
  std::vector<const KnownExports::value_type*> found;
  for (auto at = exports.lower_bound({namespace_name, ""});
       at != exports.end() && at->first.namespace_name == namespace_name; ++at) {
    found.push_back(&*at);
  }
  return found;
}

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

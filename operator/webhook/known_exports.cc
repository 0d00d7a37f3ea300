// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/known_exports.h"

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

}  // namespace dualtrace::ctl

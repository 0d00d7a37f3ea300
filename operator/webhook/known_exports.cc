#include "operator/webhook/known_exports.h"

#include <utility>

#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {

KnownExport read_known_export(const Json& object) {
  ExportOrFaults parsed = parse_export(object);
  if (!parsed.value) return {};
  return {std::move(parsed.value->injection.namespace_selector)};
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

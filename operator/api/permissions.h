// SPDX-License-Identifier: Apache-2.0
#pragma once
// Permissions: what the installation lets exports request. The right to create exports does not
// include running any image, sending any key of a Secret or filling any disk.
//   The defaults are those of the chart and the operator. An export that requests more is not
// applied: its existing objects keep running (docs/security.md). The chart's
// ValidatingAdmissionPolicy has the same rules in CEL (tested), except those that depend on a
// Secret's type.
// Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/dual_trace_export.h"
#include "operator/api/secret_uses.h"

namespace dualtrace::ctl {

// Lists are globs (glob.h), normalized by the functions below; "*" permits all.
struct Permissions {
  std::vector<std::string> images{};  // repositories besides the installation's own
  bool host_path = true;
  std::vector<std::string> priority_classes{};
  std::vector<std::string> tolerations{"*"};  // keys of taints
  std::string max_backlog = "64Gi";
  std::vector<std::string> hosts{"*"};        // of destinations and proxies
  std::vector<std::string> secret_keys{"*"};  // whose values may be sent: SECRET/KEY
  std::vector<std::string> env{};             // names of variables in spec.agent.env
  bool se_linux_options = false;
  bool operator==(const Permissions&) const = default;
};

// The normalized form in which a pattern is compared; the error says what was expected.
Result<std::string> host_pattern(std::string_view text);
Result<std::string> secret_key_pattern(std::string_view text);
Result<std::string> priority_class_pattern(std::string_view text);
Result<std::string> taint_key_pattern(std::string_view text);
Result<std::string> variable_pattern(std::string_view text);

// What the export requests beyond the permissions, and what to do about each. `own_image`: the
// installation's. The export is checked as its author wrote it (EffectiveExport::as_written()):
// values that the installation's own defaults add are permitted.
[[nodiscard]] std::vector<ExportFault> not_permitted(const DualTraceExport& as_written,
                                                     const Permissions& permissions,
                                                     std::string_view own_image);

// Why the value of a key is never sent, whatever the installation permits; nullopt: it may be sent.
// `type`: the Secret's, "" if it is not known.
[[nodiscard]] std::optional<std::string> never_sent(const SecretUse& use, std::string_view type);

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Permissions: what exports may ask for, as the installation says. Whoever may create exports is
// not thereby allowed to run any image, to send any key of a Secret or to fill any disk.
//   The defaults are the chart's and the operator's. An export that asks for more is not applied:
// what was applied before runs on as it is (docs/security.md). The ValidatingAdmissionPolicy of the
// chart says the same in CEL (tested), but for what only a Secret's type can tell.
// Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/dual_trace_export.h"
#include "operator/api/secret_uses.h"

namespace dualtrace::ctl {

// Lists are globs (glob.h), in the form that the functions below give them; "*" permits all.
struct Permissions {
  std::vector<std::string> images{};  // repositories besides the installation's own
  bool host_path = true;
  std::vector<std::string> priority_classes{};
  std::vector<std::string> tolerations{"*"};  // keys of taints
  std::string max_backlog = "64Gi";
  std::vector<std::string> hosts{"*"};        // of destinations and proxies
  std::vector<std::string> secret_keys{"*"};  // that are sent: SECRET/KEY
  std::vector<std::string> env{};             // names of variables in spec.agent.env
  bool se_linux_options = false;
  bool operator==(const Permissions&) const = default;
};

// The form in which a pattern is compared; the error says what was expected.
Result<std::string> host_pattern(std::string_view text);
Result<std::string> secret_key_pattern(std::string_view text);
Result<std::string> priority_class_pattern(std::string_view text);
Result<std::string> taint_key_pattern(std::string_view text);
Result<std::string> variable_pattern(std::string_view text);

// What the export asks for beyond them, each with what to do. `own_image`: the installation's.
//   `object` is the export as it is written: what the installation's own defaults (AgentDefaults)
// add to it is permitted. `carried_out` has them, and is judged where the export is valid with them
// alone.
[[nodiscard]] std::vector<ExportFault> not_permitted(const Json& object,
                                                     const DualTraceExport& carried_out,
                                                     const Permissions& permissions,
                                                     std::string_view own_image);

// Why the value of a key is never sent, whatever the installation permits; nullopt: it may be.
// `type`: the Secret's, "" where it is not known.
[[nodiscard]] std::optional<std::string> never_sent(const SecretUse& use, std::string_view type);

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// AgentDefaults: the installation's defaults for the agents of all exports: fields of spec.agent,
// by the same names. A field that an export sets overrides the default; labels, annotations,
// quantities and environment variables are overridden entry by entry. docs/decisions/0055 explains
// why.
// Immutable.

#include <optional>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/json/json.h"
#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {

class AgentDefaults {
 public:
  AgentDefaults() = default;
  // From JSON, the value of the option --agent-defaults. An error names every field that is invalid
  // or cannot have a default for all exports.
  static Result<AgentDefaults> parse(std::string_view text);

  // The export, with the defaults filled in for fields that it does not set.
  [[nodiscard]] Json fill(Json object) const;
  [[nodiscard]] bool empty() const { return agent_.empty(); }
  bool operator==(const AgentDefaults&) const = default;

 private:
  explicit AgentDefaults(Json agent) : agent_(std::move(agent)) {}

  Json agent_ = Json::object();  // a part of spec.agent
};

// The export as it takes effect in this installation, or every fault that was found.
struct EffectiveExport {
  std::optional<DualTraceExport> value;
  std::vector<ExportFault> faults;
  // The export as written, if that differs and is valid by itself.
  std::optional<DualTraceExport> without_defaults;

  // The export as its author wrote it, or `value` if it is valid only with the defaults. Requires
  // `value`.
  [[nodiscard]] const DualTraceExport& as_written() const {
    return without_defaults ? *without_defaults : value.value();
  }
};
[[nodiscard]] EffectiveExport parse_export(const Json& object, const AgentDefaults& defaults);

}  // namespace dualtrace::ctl

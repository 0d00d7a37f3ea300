// SPDX-License-Identifier: Apache-2.0
#pragma once
// AgentDefaults: what an installation says of the agents of every export that says nothing itself:
// fields of spec.agent, by the same names. An export's own word wins: a field that it writes takes
// the place of the default; of labels, annotations, quantities and environment variables each entry
// does by itself. docs/decisions/0055 has the reasons.
// Immutable.

#include <string_view>

#include "common/error/result.h"
#include "common/json/json.h"
#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {

class AgentDefaults {
 public:
  AgentDefaults() = default;
  // From JSON, as the option --agent-defaults has it. An error names every field that is wrong or
  // has no default for all exports.
  static Result<AgentDefaults> parse(std::string_view text);

  // The export with what it does not say filled in.
  [[nodiscard]] Json fill(Json object) const;
  bool operator==(const AgentDefaults&) const = default;

 private:
  explicit AgentDefaults(Json agent) : agent_(std::move(agent)) {}

  Json agent_ = Json::object();  // a part of spec.agent
};

// The export as it is carried out in this installation.
[[nodiscard]] ExportOrFaults parse_export(const Json& object, const AgentDefaults& defaults);

}  // namespace dualtrace::ctl

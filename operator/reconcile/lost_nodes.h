// SPDX-License-Identifier: Apache-2.0
#pragma once
// LostNodes: what still waited on nodes that have no agent any more. A backlog is lost with its
// node's disk; the last that the agent said of it is kept for a day, so that nobody has to guess
// what is missing. A node is lost when no agent of the export has been on it for five minutes and
// something waited there; it is forgotten as soon as an agent is there again.
// One for each export. Used from one thread at a time.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/time/clock.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

class LostNodes {
 public:
  // What an operator before this one has said of them, from the export's status.
  void resume(const Json& status);
  // `reports`: the agents' last, those that are ending included; `nodes`: those with a pod of the
  // export, running or not.
  void note(const std::vector<AgentReport>& reports, const std::set<std::string>& nodes,
            WallTime now);
  // The newest ones first, as many as a status tells.
  [[nodiscard]] const std::vector<LostNodeFact>& lost() const { return lost_; }
  // When the next node is lost, or forgotten, if nothing else changes.
  [[nodiscard]] std::optional<WallTime> look_again() const;

 private:
  struct Seen {
    std::vector<LostNodeFact::Backlog> backlog;  // as last reported; only what is not empty
    std::optional<WallTime> gone_since{};
  };

  std::map<std::string, Seen> seen_;  // by node
  std::vector<LostNodeFact> lost_;
};

}  // namespace dualtrace::ctl

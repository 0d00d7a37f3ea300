// SPDX-License-Identifier: Apache-2.0
#pragma once
// LostNodes: the backlog of nodes that no longer have an agent. A backlog is lost with its node's
// disk; the last report of the agent is kept for a day, so that nobody has to guess what is
// missing. A node is lost if no agent of the export has been on it for five minutes and spans were
// waiting there. It is forgotten as soon as an agent runs there again.
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
  // Continues from the previous operator's entries in the export's status.
  void resume(const Json& status);
  // `reports`: the agents' latest, including terminating ones; `nodes`: those with a pod of the
  // export, running or not.
  void note(const std::vector<AgentReport>& reports, const std::set<std::string>& nodes,
            WallTime now);
  // Newest first, as many as a status lists.
  [[nodiscard]] const std::vector<LostNodeFact>& lost() const { return lost_; }
  // When the next node becomes lost or is forgotten, if nothing else changes.
  [[nodiscard]] std::optional<WallTime> look_again() const;

 private:
  struct Seen {
    std::vector<LostNodeFact::Backlog> backlog;  // as last reported, without empty ones
    std::optional<WallTime> gone_since{};
  };

  std::map<std::string, Seen> seen_;  // by node
  std::vector<LostNodeFact> lost_;
};

}  // namespace dualtrace::ctl

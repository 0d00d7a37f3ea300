// SPDX-License-Identifier: Apache-2.0
#pragma once
// LostNodes: the backlog of nodes that no longer have an agent. A backlog is lost with its node's
// disk; the last report of the agent is kept for a day, so that nobody has to guess what is
// missing. A node is lost if spans were waiting there and no agent of the export has been on it for
// five minutes, or one is there with another disk: the node was created again under its name. It is
// forgotten as soon as an agent runs there again, with the same disk. A node can lose several
// disks. The export's status records the backlog of nodes, too: the operator itself may have been
// on the node that is lost.
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
  // Newest first, one for each disk of a node, as many as a status lists.
  [[nodiscard]] const std::vector<LostNodeFact>& lost() const { return lost_; }
  // The largest ones, as many as a status lists, by node.
  [[nodiscard]] std::vector<NodeBacklogFact> backlogs() const;
  // When the next node becomes lost or is forgotten, if nothing else changes.
  [[nodiscard]] std::optional<WallTime> look_again() const;

 private:
  // What the agents of a node last reported; of one node, usually of one agent.
  struct Seen {
    std::vector<Backlog> backlog{};  // without empty ones
    std::string disk{};              // "" if it is not known, or if the agents differ
    bool ending = true;              // all of the agents
    std::optional<WallTime> gone_since{};
  };

  static std::map<std::string, Seen> by_node(const std::vector<AgentReport>& reports);
  // Adds to lost_ the nodes whose agent has another disk now.
  void compare_disks(const std::map<std::string, Seen>& heard, WallTime now);
  void forget_found(const std::map<std::string, Seen>& heard, const std::set<std::string>& nodes,
                    WallTime now);
  void lose(const std::string& node, const Seen& seen, WallTime since);

  std::map<std::string, Seen> seen_;  // by node
  std::vector<LostNodeFact> lost_;
};

}  // namespace dualtrace::ctl

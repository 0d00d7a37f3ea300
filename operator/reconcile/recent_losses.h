// SPDX-License-Identifier: Apache-2.0
#pragma once
// RecentLosses: spans that were lost within the last report::kLossWindow, also if the agent that
// reported them no longer can: it was restarted or replaced, its node is gone, or it is silent.
// Otherwise Ready would be True again as soon as an agent that loses spans is restarted.
// While an agent answers, it knows best: a loss is recent as long as its report says so. What an
// agent that no longer answers has told stays until the window has passed by the operator's clock.
// An agent that starts on the same disk repeats what its predecessor told, so these do not add up.
// The export's status has these losses, too: the operator may end together with the agent.
// One for each export. Used from one thread at a time.

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/time/clock.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

class RecentLosses {
 public:
  // Continues from the previous operator's entries in the export's status.
  void resume(const Json& status);
  // `reports`: the agents' latest, including terminating ones.
  void note(const std::vector<AgentReport>& reports, WallTime now);
  // Sorted.
  [[nodiscard]] std::vector<RecentLossFact> facts() const;
  // When the next loss stops being recent, if nothing else changes.
  [[nodiscard]] std::optional<WallTime> look_again() const;

 private:
  // A process: a pod's container may be restarted.
  struct Agent {
    std::string node;
    std::string pod{};  // "": as the previous operator left it in the status
    std::optional<WallTime> started{};
    auto operator<=>(const Agent&) const = default;
  };
  struct Kind {
    std::string destination;
    std::string word;
    std::string reason;
    auto operator<=>(const Kind&) const = default;
  };
  struct Told {
    std::optional<WallTime> said{};  // report::Agent::now of the last report
    bool answers = false;
    std::map<Kind, RecentLossFact> losses{};
  };

  void hear(const AgentReport& report, WallTime now);

  std::map<Agent, Told> told_;  // without agents that have lost nothing
};

}  // namespace dualtrace::ctl

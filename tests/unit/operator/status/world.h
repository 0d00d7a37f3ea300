// SPDX-License-Identifier: Apache-2.0
#pragma once
// World: facts that a test starts from and modifies: an export with both destinations and twelve
// agents, all of which deliver. Used from one thread.

#include <functional>
#include <string>

#include "operator/status/conditions.h"
#include "operator/status/status.h"

namespace dualtrace::ctl {

class World {
 public:
  World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  DualTraceExport wanted;
  Facts facts;

  [[nodiscard]] report::Lane& lane(size_t agent, const std::string& name);
  void each_lane(const std::string& name, const std::function<void(report::Lane&)>& edit);
  // The agent's lane to Arize retries, and has delivered nothing for that long.
  void retry_for(size_t agent, Duration age);
  void secret(SecretFact::State state, const std::string& key = "token");
  // Stores the status as if it had been written, then advances the time by a minute.
  Json write();
  [[nodiscard]] Json status() const { return make_status(facts, summarize_lanes(facts)); }

 private:
  Json written_;
};

inline constexpr size_t kAgents = 12;

// Two lanes to Databricks pause for that reason.
[[nodiscard]] std::function<void(World&)> pause(const std::string& reason);
void state_of_arize(World& world, const std::string& state);

// DT_CHECKs that it exists.
[[nodiscard]] Json condition_of(const Json& status, std::string_view type);
[[nodiscard]] Json destination_of(const Json& status, std::string_view name);

}  // namespace dualtrace::ctl

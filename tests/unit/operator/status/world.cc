// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/status/world.h"

#include "common/error/check.h"

namespace dualtrace::ctl {
namespace {

constexpr int64_t kStart = 1'764'000'000;

WallTime at(int64_t seconds) { return from_unix_nanos(seconds * 1'000'000'000); }

report::Lane healthy_lane(const std::string& name) {
  return {.name = name,
          .state = "Delivering",
          .backlog_bytes = 1000,
          .oldest_undelivered = at(kStart - 5),
          .last_delivered = at(kStart - 1),
          .credential_fingerprint = name + "-1"};
}

AgentReport healthy_agent(size_t number) {
  const std::string name = (number < 10 ? "0" : "") + std::to_string(number);
  return {.node = "node-" + name,
          .pod = "agents-dualtrace-" + name,
          .unreachable = std::nullopt,
          .says = {.configuration = {.fingerprint = "c0ffee",
                                     .state = report::ConfigurationState::kInForce},
                   .lanes = {healthy_lane("arize"), healthy_lane("databricks")}}};
}

Json entry(const Json& list, std::string_view key, std::string_view name) {
  for (const Json& item : list) {
    if (text_at(item, {key}) == name) return item;
  }
  check_failed("the entry is there", __FILE__, __LINE__);
}

}  // namespace

World::World() {
  wanted.key = {"observability", "agents"};
  wanted.arize.emplace();
  wanted.databricks.emplace();
  facts.generation = 3;
  facts.now = at(kStart);
  facts.wanted = &wanted;
  facts.config_fingerprint = "c0ffee";
  facts.secrets = {{"spec.arize.credentials", {"arize", "api-key"}, {}, ""},
                   {"spec.arize.credentials", {"arize", "space-id"}, {}, ""},
                   {"spec.databricks.auth.token", {"databricks", "token"}, {}, ""}};
  const int64_t all = kAgents;
  facts.daemon_set = DaemonSetFact{3, 3, all, all, all, all, all};
  for (size_t number = 1; number <= kAgents; ++number) {
    facts.agents.push_back(healthy_agent(number));
  }
}

report::Lane& World::lane(size_t agent, const std::string& name) {
  for (report::Lane& lane : facts.agents.at(agent).says.lanes) {
    if (lane.name == name) return lane;
  }
  check_failed("the lane is there", __FILE__, __LINE__);
}

void World::each_lane(const std::string& name, const std::function<void(report::Lane&)>& edit) {
  for (size_t agent = 0; agent < facts.agents.size(); ++agent) edit(lane(agent, name));
}

void World::retry_for(size_t agent, Duration age) {
  report::Lane& arize = lane(agent, "arize");
  arize.state = LaneState::kRetrying;
  arize.oldest_undelivered = arize.last_delivered = facts.now - age;
  arize.last_error = {"Unreachable", "timed out"};
}

void World::secret(SecretFact::State state, const std::string& key) {
  for (SecretFact& fact : facts.secrets) {
    if (fact.reference.key == key) fact.state = state;
  }
}

Json World::write() {
  written_ = make_status(facts, summarize_lanes(facts));
  facts.previous_status = &written_;
  facts.now += std::chrono::minutes(1);
  return written_;
}

std::function<void(World&)> pause(const std::string& reason) {
  return [reason](World& world) {
    for (const size_t agent : {3U, 7U}) {
      world.lane(agent, "databricks").state = "Paused";
      world.lane(agent, "databricks").last_error = {reason, "its words"};
    }
  };
}

void state_of_arize(World& world, const std::string& state) {
  world.each_lane("arize", [&](report::Lane& lane) { lane.state = state; });
}

Json condition_of(const Json& status, std::string_view type) {
  return entry(array_at(status, {"conditions"}), "type", type);
}

Json destination_of(const Json& status, std::string_view name) {
  return entry(array_at(status, {"destinations"}), "name", name);
}

}  // namespace dualtrace::ctl

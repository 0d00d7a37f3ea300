// SPDX-License-Identifier: Apache-2.0
// Faults that hold at the same time: one more of them never makes the status look better.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/operator/status/world.h"

namespace dualtrace::ctl {
namespace {

// Two of them can hold at once, unless both are about the same.
struct Fault {
  std::string name;
  std::function<void(World&)> happens;
  std::set<std::string> about{name};
};

bool exclude_each_other(const Fault& a, const Fault& b) {
  return std::any_of(a.about.begin(), a.about.end(),
                     [&](const std::string& what) { return b.about.contains(what); });
}

void loses(World& world, size_t agent, report::LossWord word, const std::string& reason) {
  world.lane(agent, "arize").losses = {{.word = word, .reason = reason, .lately = 7}};
}

void pauses(World& world, size_t agent, const std::string& lane, const std::string& reason) {
  world.lane(agent, lane).state = LaneState::kPaused;
  world.lane(agent, lane).last_error = {.reason = reason, .message = "its words"};
}

const std::vector<Fault>& faults() {
  using State = SecretFact::State;
  static const std::vector<Fault> kFaults = {
      {"consent is assumed", [](World& world) { world.facts.consent_notices = {"write this"}; }},
      {"the export is invalid",
       [](World& world) {
         world.facts.faults = {{"spec", "empty"}};
       }},
      {"applying fails",
       [](World& world) {
         world.facts.apply_error = Error{ErrorKind::kInvalid, "no"};
       }},
      {"an agent rejects the configuration",
       [](World& world) {
         world.facts.agents[0].says.configuration.state = report::ConfigurationState::kRefused;
       }},
      {"a key is missing", [](World& world) { world.secret(State::kKeyMissing, "api-key"); }},
      {"a Secret cannot be read", [](World& world) { world.secret(State::kUnreadable, "token"); }},
      {"a file is not mounted",
       [](World& world) {
         world.lane(1, "arize").credentials = {
             {.part = CredentialPart::kAPIKey, .state = report::CredentialState::kMissing}};
       }},
      {"a rotation",
       [](World& world) { world.lane(2, "arize").credential_fingerprint = "arize-2"; }},
      {"a new credential is tried",
       [](World& world) {
         world.lane(3, "databricks").credential.candidate = {
             .fingerprint = "databricks-2", .state = report::CandidateState::kProving};
       },
       {"replacement"}},
      {"a new credential is rejected",
       [](World& world) {
         world.lane(4, "databricks").credential.candidate = {
             .fingerprint = "databricks-2", .state = report::CandidateState::kRejected};
       }},
      // A new credential is the remedy for one that has expired.
      {"a credential expires",
       [](World& world) { world.lane(5, "arize").credential.expires = world.facts.now; },
       {"replacement"}},

      {"no DaemonSet", [](World& world) { world.facts.daemon_set.reset(); }, {"DaemonSet", "pods"}},
      {"no nodes",
       [](World& world) { world.facts.daemon_set = DaemonSetFact{3, 3, 0, 0, 0, 0}; },
       {"DaemonSet", "pods"}},
      {"a node joins",
       [](World& world) {
         world.facts.daemon_set->available = 11;
         world.facts.nodes.awaited = {"node-12"};
       },
       {"DaemonSet"}},
      {"a rollout", [](World& world) { world.facts.daemon_set->updated = 7; }, {"DaemonSet"}},
      {"pods are missing",
       [](World& world) {
         world.facts.daemon_set->available = world.facts.daemon_set->scheduled = 11;
         world.facts.nodes.pods_missing = true;
       },
       {"DaemonSet"}},
      {"a node fails", [](World& world) { world.facts.nodes.failing = {{"node-02"}}; }, {"pods"}},
      {"an agent is silent",
       [](World& world) {
         world.facts.nodes.silent = {{"node-03", "timeout"}};
         world.facts.agents[2].unreachable = "timeout";
       }},
      {"pods are served by other nodes",
       [](World& world) {
         world.facts.unserved = {1, {"shop/a"}, {"gpu-1"}};
         world.facts.falls_back = true;
       },
       {"unserved"}},
      {"pods are not served",
       [](World& world) {
         world.facts.unserved = {1, {"shop/a"}, {"gpu-1"}};
       },
       {"unserved"}},
      {"pods are shut out",
       [](World& world) {
         world.facts.injection = InjectionFact{9, 9, {}, 2, {"shop/b"}};
       }},

      {"no lane delivers",
       [](World& world) {
         world.each_lane("arize", [](report::Lane& lane) {
           if (lane.state == LaneState::kDelivering) lane.state = LaneState::kRetrying;
         });
       }},
      {"a node retries", [](World& world) { world.retry_for(6, std::chrono::seconds(5)); }},
      {"a node has retried for long",
       [](World& world) { world.retry_for(7, std::chrono::hours(1)); }},
      {"an agent reports a state that is not known",
       [](World& world) { world.lane(0, "databricks").state = "Napping"; }},
      {"Arize pauses", [](World& world) { pauses(world, 8, "arize", "AuthRejected"); }},
      {"Databricks pauses", [](World& world) { pauses(world, 8, "databricks", "TableMissing"); }},
      {"Databricks pauses for a new reason",
       [](World& world) { pauses(world, 9, "databricks", "OfANewerAgent"); }},
      {"spans are dead-lettered",
       [](World& world) { loses(world, 9, report::LossWord::kDeadLettered, "InvalidData"); }},
      {"spans are rejected",
       [](World& world) { loses(world, 10, report::LossWord::kRejected, "Rejected"); }},
      {"spans expire", [](World& world) { loses(world, 11, report::LossWord::kExpired, "Age"); }}};
  return kFaults;
}

int badness(const Json& condition) {
  const std::string_view status = text_at(condition, {"status"});
  return status == "False" ? 2 : (status == "Unknown" ? 1 : 0);
}

Json status_with(const std::vector<const Fault*>& happening) {
  World world;
  world.write();  // it was well before
  for (const Fault* fault : happening) fault->happens(world);
  return world.status();
}

// Spans do not have to wait for a DaemonSet to be refused, and so on: what is wrong stays wrong.
TEST(Pairs, OneMoreFaultNeverLooksBetter) {
  for (const Fault& first : faults()) {
    const Json before = status_with({&first});
    for (const Fault& second : faults()) {
      if (exclude_each_other(first, second)) continue;
      SCOPED_TRACE(first.name + ", and " + second.name);
      const Json after = status_with({&first, &second});
      EXPECT_GE(badness(condition_of(after, kReadyType)), badness(condition_of(before, kReadyType)))
          << condition_of(before, kReadyType) << "\n"
          << condition_of(after, kReadyType);
      if (second.name == "the export is invalid") continue;  // then nothing else is checked
      for (const std::string_view type :
           {kConfigType, kAgentsType, kArizeDeliveryType, kDatabricksDeliveryType}) {
        EXPECT_GE(badness(condition_of(after, type)), badness(condition_of(before, type)))
            << condition_of(before, type) << "\n"
            << condition_of(after, type);
      }
    }
  }
}

// Whatever Ready adds to "delivered", it is not silent about what holds only in part.
TEST(Pairs, ReadySaysEveryReservation) {
  for (const Fault& first : faults()) {
    for (const Fault& second : faults()) {
      if (exclude_each_other(first, second)) continue;
      SCOPED_TRACE(first.name + ", and " + second.name);
      const Json status = status_with({&first, &second});
      const Json ready = condition_of(status, kReadyType);
      if (ready.at("status") != "True") continue;
      for (const std::string_view type : {kAgentsType, kArizeDeliveryType}) {
        const Json condition = condition_of(status, type);
        const std::string_view reason = text_at(condition, {"reason"});
        if (reason == reason::kAvailable.name || reason == reason::kDelivering.name) continue;
        EXPECT_NE(text_at(ready, {"message"}).find(text_at(condition, {"message"})),
                  std::string_view::npos)
            << ready;
      }
    }
  }
}

TEST(AgentsAvailable, DoesNotHideSilentAgentsBehindThoseThatServeForOthers) {
  World world;
  world.facts.unserved = {1, {"shop/a"}, {"gpu-1"}};
  world.facts.falls_back = true;
  EXPECT_EQ(agents_available(world.facts).reason, "ServedByOtherNodes");
  world.facts.nodes.silent = {{"node-03", "timeout"}};
  EXPECT_EQ(agents_available(world.facts).reason, "AgentsSilent");
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "Unknown");
  world.facts.falls_back = false;
  EXPECT_EQ(agents_available(world.facts).reason, "PodsUnserved");
}

}  // namespace
}  // namespace dualtrace::ctl

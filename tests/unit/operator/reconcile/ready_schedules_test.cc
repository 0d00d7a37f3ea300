// SPDX-License-Identifier: Apache-2.0
// Random fault schedules against all of reconcile/ and status/, on a simulated clock: Ready is not
// True while spans that agents accepted ten minutes ago are neither delivered nor reported as late,
// lost or refused, and it is True again two minutes after the last fault. The agents' reports are
// modeled. That a real agent reports the truth is covered by the simulation of the core (tests/sim)
// and by the faults on nodes (tests/cluster). DUALTRACE_READY_SCHEDULES=1000 runs that many,
// DUALTRACE_READY_SEED=7 reruns one of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "common/config/credential_text.h"
#include "common/random/random.h"
#include "common/time/rfc3339.h"
#include "tests/unit/operator/reconcile/world.h"

namespace dualtrace::ctl {
namespace {

using report::Destination;
using report::kDestinations;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kStep = seconds(20);  // longer than the polling interval
constexpr int kSteps = 150;              // 50 minutes
constexpr int kCalmSteps = 6;            // two minutes
constexpr Duration kSaidWithin = minutes(10);

struct Key {
  std::string secret;
  std::string name;
  std::string value;
  CredentialPart part;
};
const std::map<Destination, std::vector<Key>>& keys() {
  static const std::map<Destination, std::vector<Key>> kKeys = {
      {Destination::kArize,
       {{"arize", "api-key", "key-1", CredentialPart::kAPIKey},
        {"arize", "space-id", kSpaceId, CredentialPart::kSpaceID}}},
      {Destination::kDatabricks, {{"databricks", "token", "token-1", CredentialPart::kToken}}}};
  return kKeys;
}

struct LaneModel {
  std::vector<WallTime> waiting;  // when each was accepted
  bool blocked = false;           // the node cannot reach the destination, but others can
  std::optional<WallTime> delivered;
  uint64_t lost = 0;
  std::optional<WallTime> lost_last;
};

struct NodeModel {
  bool has_agent = true;  // false if a taint keeps it away
  bool heard = true;      // whether its kubelet reports
  bool silent = false;    // the operator cannot reach its agent
  std::string disk;
  bool crashed = false;
  bool disk_full = false;
  bool application = true;  // whether it runs an injected one
  WallTime application_since{};
  int restarts = 0;
  int failures = 0;  // consecutive failed polls
  WallTime since;    // last change of its readiness
  WallTime started;  // the agent's process
  std::map<Destination, LaneModel> lanes;
  std::optional<AgentReport> said;

  [[nodiscard]] bool stores() const { return has_agent && !crashed && !disk_full; }
  [[nodiscard]] bool ready() const { return stores() && heard; }
};

enum class Answer { kTaken, kDown, kAuthRefused, kDataRefused };

class Schedule {
 public:
  // Each schedule has some kinds of faults, at its own rate: with all of them, Ready is never True.
  explicit Schedule(uint64_t seed) : random_(seed), every_(3 << random_.below(5)) {
    for (uint64_t kind = 0; kind < kKinds; ++kind) {
      if (random_.below(3) == 0) kinds_.push_back(kind);
    }
    if (kinds_.empty()) kinds_.push_back(seed % kKinds);
    if (!falls_back_) {
      world_.edit_export([](Json& object) { object["spec"]["agent"]["traffic"] = "SameNode"; });
    }
    for (int i = 0; i < 3; ++i) add_node();
    restart();
  }

  void run() {
    for (int step = 0; step < kSteps && !testing::Test::HasFailure(); ++step) {
      if (random_.below(every_) == 0) fault();
      turn();
    }
    calm();
    for (int step = 0; step < kCalmSteps; ++step) turn();
    EXPECT_EQ(world_.condition("Ready"), "True Ready") << history_.str();
  }

 private:
  void add_node() {
    ++made_;
    NodeModel& node = nodes_["node-" + std::to_string(made_)];
    node.disk = "disk-" + std::to_string(made_);
    node.since = node.started = world_.clock.wall();
  }
  NodeModel& any_node() {
    auto chosen = nodes_.begin();
    std::advance(chosen, static_cast<ptrdiff_t>(random_.below(nodes_.size())));
    return chosen->second;
  }
  [[nodiscard]] std::string name_of(const NodeModel& node) const {
    for (const auto& [name, each] : nodes_) {
      if (&each == &node) return name;
    }
    return "none";
  }
  void changed(NodeModel& node, bool was_ready) {
    if (node.ready() != was_ready) node.since = world_.clock.wall();
  }

  void fault() {
    const uint64_t kind = kinds_[random_.below(kinds_.size())];
    NodeModel& node = any_node();
    const bool was_ready = node.ready();
    history_ << rfc3339(world_.clock.wall()) << " fault " << kind << " of " << name_of(node)
             << "\n";
    switch (kind) {
      case 0:
      case 1:
        answers_[random_.below(2) == 0 ? Destination::kArize : Destination::kDatabricks] =
            static_cast<Answer>(random_.below(4));
        break;
      case 2:
        node.heard = !node.heard;
        break;
      case 3:
        node.crashed = !node.crashed;
        if (node.crashed) ++node.restarts;
        if (!node.crashed) start_agent(node);
        break;
      case 4:
        node.disk_full = !node.disk_full;
        break;
      case 5:
        node.application = !node.application;
        node.application_since = world_.clock.wall();
        break;
      case 6:
        if (nodes_.size() < 6) {
          add_node();
          if (random_.below(4) == 0) nodes_["node-" + std::to_string(made_)].has_agent = false;
        }
        break;
      case 7:
        if (nodes_.size() > 1) remove_node();
        return;
      case 8: {
        const std::string name = random_.below(2) == 0 ? "arize" : "databricks";
        if (random_.below(2) == 0) {
          secrets_.erase(name);
        } else {
          secrets_[name] = random_.below(2) == 0 ? "" : "wrong-";
        }
        break;
      }
      case 9: {
        LaneModel& lane =
            node.lanes[random_.below(2) == 0 ? Destination::kArize : Destination::kDatabricks];
        lane.blocked = !lane.blocked;
        break;
      }
      case 10:
        node.silent = !node.silent;
        break;
      case 11:
        replace_node();
        return;
      case 12:
        if (nodes_.size() > 1) remove_node();
        restart();
        return;
      case 13:  // a rollout
        for (auto& [name, each] : nodes_) start_agent(each);
        if (random_.below(2) == 0) restart();
        return;
      case 14:
        taint(node);
        break;
      default:
        restart();
        return;
    }
    changed(node, was_ready);
  }

  // Like an agent with an EmptyDir, it knows nothing of its predecessor's losses.
  void start_agent(NodeModel& node) const {
    node.started = world_.clock.wall();
    for (auto& [destination, lane] : node.lanes) {
      lane.lost = 0;
      lane.lost_last.reset();
    }
  }

  void remove_node() {
    auto chosen = nodes_.begin();
    std::advance(chosen, static_cast<ptrdiff_t>(random_.below(nodes_.size())));
    lose(chosen->second);
    nodes_.erase(chosen);
  }

  // Or removes the taint: the agent comes back to the same disk.
  void taint(NodeModel& node) {
    if (node.has_agent) {
      lose(node);
    } else {
      gone_.erase(node.disk);
      unwritten_.erase(node.disk);
    }
    node.has_agent = !node.has_agent;
    node.said.reset();
    node.failures = 0;
  }

  // The machine is created again, at once and under the same name.
  void replace_node() {
    auto chosen = nodes_.begin();
    std::advance(chosen, static_cast<ptrdiff_t>(random_.below(nodes_.size())));
    lose(chosen->second);
    chosen->second = {};
    chosen->second.disk = "disk-" + std::to_string(++made_);
    chosen->second.since = chosen->second.started = world_.clock.wall();
  }

  void lose(const NodeModel& node) {
    removed_ = world_.clock.wall();
    // Nobody can report a backlog that no poll has seen.
    if (!node.said) return;
    const bool held = std::any_of(node.said->says.lanes.begin(), node.said->says.lanes.end(),
                                  [](const report::Lane& lane) { return lane.spans.backlog > 0; });
    if (held) gone_.insert(node.disk);
    const Json status = world_.status();
    const Json& written = array_at(status, {"nodesWithBacklog"});
    const bool is_written = std::any_of(written.begin(), written.end(), [&](const Json& entry) {
      return text_at(entry, {"disk"}) == node.disk;
    });
    if (held && !is_written) unwritten_.insert(node.disk);
  }

  void restart() {
    // What the previous operator was told less than half a minute before it ended goes with it.
    for (const std::string& disk : unwritten_) gone_.erase(disk);
    unwritten_.clear();
    for (auto& [name, node] : nodes_) {
      node.said.reset();
      node.failures = 0;
    }
    world_.reconciler = std::make_unique<Reconciler>(
        Installation{.agent_image = "registry.example.com/agent:1"},
        Reconciler::Parts{world_.api, world_.cache, world_.events, world_.agents, world_.clock,
                          world_.metrics, [this](const kube::ObjectKey&) { return injection(); }},
        1);
  }

  void calm() {
    history_ << rfc3339(world_.clock.wall()) << " calm\n";
    for (const Destination destination : kDestinations) answers_[destination] = Answer::kTaken;
    secrets_ = {{"arize", ""}, {"databricks", ""}};
    for (auto& [name, node] : nodes_) {
      const bool was_ready = node.ready();
      if (!node.has_agent) taint(node);
      if (node.crashed) start_agent(node);
      node.heard = true;
      node.crashed = node.disk_full = node.silent = false;
      for (auto& [destination, lane] : node.lanes) lane.blocked = false;
      changed(node, was_ready);
    }
  }

  [[nodiscard]] std::optional<std::string> value(const Key& key) const {
    const auto secret = secrets_.find(key.secret);
    if (secret == secrets_.end()) return std::nullopt;
    return secret->second.empty() ? key.value : secret->second + key.name;
  }
  [[nodiscard]] bool credentials_fit(Destination destination) const {
    for (const Key& key : keys().at(destination)) {
      if (value(key) != key.value) return false;
    }
    return true;
  }

  [[nodiscard]] InjectionFact injection() const {
    InjectionFact fact;
    for (const auto& [name, node] : nodes_) {
      if (!node.application) continue;
      ++fact.annotated;
      ++fact.injected;
      fact.nodes[name] = {1, {"shop/app-on-" + name}};
    }
    return fact;
  }

  void turn() {
    world_.clock.advance(kStep);
    for (const Destination destination : kDestinations) {
      put_secret(std::string(to_string(destination)));
    }
    for (auto& [name, node] : nodes_) live(node);
    for (auto& [name, node] : nodes_) poll(name, node);
    show();
    world_.settle();
    judge();
  }

  void put_secret(const std::string& name) {
    if (!secrets_.contains(name)) return world_.api.erase(kube::kSecrets, {"shop", name});
    std::vector<std::pair<std::string, std::string>> values;
    for (const auto& [destination, all] : keys()) {
      for (const Key& key : all) {
        if (key.secret == name) values.emplace_back(key.name, *value(key));
      }
    }
    world_.api.put(kube::kSecrets, secret(name, values));
  }

  // Accepts a span from its application, and delivers as much as possible.
  void live(NodeModel& node) {
    const WallTime now = world_.clock.wall();
    for (const Destination destination : kDestinations) {
      LaneModel& lane = node.lanes[destination];
      if (node.application && node.stores()) lane.waiting.push_back(now);
      if (!node.has_agent || node.crashed || !node.heard || !credentials_fit(destination)) continue;
      if (lane.blocked) continue;
      if (answers_[destination] == Answer::kTaken && !lane.waiting.empty()) {
        lane.delivered = now;
        lane.waiting.clear();
      }
      if (answers_[destination] == Answer::kDataRefused && !lane.waiting.empty()) {
        lane.lost += lane.waiting.size();
        lane.lost_last = now;
        lane.waiting.clear();
      }
    }
  }

  [[nodiscard]] report::Lane lane_of(const NodeModel& node, Destination destination) const {
    const LaneModel& model = node.lanes.at(destination);
    report::Lane lane;
    lane.name = to_string(destination);
    const bool fits = credentials_fit(destination);
    const bool refused = answers_.at(destination) == Answer::kAuthRefused;
    const bool delivers = model.delivered == world_.clock.wall();
    lane.last_delivered = model.delivered;
    if (model.waiting.empty()) {
      lane.state = delivers ? report::LaneState::kDelivering : report::LaneState::kIdle;
    } else if (model.blocked) {
      lane.state = report::LaneState::kRetrying;
      lane.last_error = {{.reason = "Unreachable", .message = "timed out"}};
    } else if (!fits || refused) {
      lane.state = report::LaneState::kPaused;
      lane.last_error = {{.reason = "AuthRejected", .message = "401"}};
    } else {
      lane.state = report::LaneState::kRetrying;
      lane.last_error = {{.reason = "Unavailable", .message = "503"}};
    }
    lane.spans.backlog = model.waiting.size();
    lane.backlog_bytes = model.waiting.size() * 100;
    if (!model.waiting.empty()) lane.oldest_undelivered = model.waiting.front();
    for (const Key& key : keys().at(destination)) {
      const auto there = value(key);
      lane.credentials.push_back(
          {.part = key.part,
           .state = there ? report::CredentialState::kLoaded : report::CredentialState::kMissing,
           .fingerprint = there ? credential_fingerprint(*there) : ""});
    }
    lane.credential_fingerprint = lane.credentials.front().fingerprint;
    if (model.lost > 0) {
      const bool lately = world_.clock.wall() - *model.lost_last < report::kLossWindow;
      lane.losses = {{.word = report::LossWord::kDeadLettered,
                      .reason = "InvalidData",
                      .spans = model.lost,
                      .lately = lately ? model.lost : 0,
                      .last = model.lost_last}};
    }
    return lane;
  }

  void poll(const std::string& name, NodeModel& node) {
    if (!node.has_agent) return;
    AgentReport report{.node = name, .pod = "agent-" + name};
    if (node.heard && !node.crashed && !node.silent) {
      node.failures = 0;
      report.says.disk = node.disk;
      report.says.now = world_.clock.wall();
      report.says.started = node.started;
      if (node.disk_full) report.says.not_ready_reason = "the disk is full";
      for (const Destination destination : kDestinations) {
        report.says.lanes.push_back(lane_of(node, destination));
        told_of_loss_ = std::max(told_of_loss_, node.lanes.at(destination).lost_last);
      }
    } else if (++node.failures >= 2 || !node.said) {
      report.unreachable = "no answer";
      if (node.said) report.says = node.said->says;
    } else {
      return;  // a single failure of an agent that has answered is ignored
    }
    node.said = report;
  }

  // With SameNode, an agent that cannot store stays an endpoint (/readyz/receiver).
  [[nodiscard]] bool pod_is_ready(const NodeModel& node) const {
    return node.has_agent && node.heard && !node.crashed && !(falls_back_ && node.disk_full);
  }

  // The state of the cluster according to its API server.
  void show() {
    for (const Json& pod : world_.api.all(kube::kPods)) {
      world_.api.erase(kube::kPods, kube::key_of(pod));
    }
    world_.agents.said.clear();
    int desired = 0;
    int available = 0;
    for (const auto& [name, node] : nodes_) {
      if (!node.has_agent) continue;
      ++desired;
      available += pod_is_ready(node) ? 1 : 0;
      if (node.said) world_.agents.said.push_back(*node.said);
      const bool running = !node.crashed && !(falls_back_ && node.disk_full);  // last known state
      world_.api.put(
          kube::kPods,
          {{"metadata",
            {{"namespace", "shop"},
             {"name", "agent-" + name},
             {"uid", node.disk},
             {"labels", {{"dualtrace.dev/export", "agents"}}}}},
           {"spec", {{"nodeName", name}}},
           {"status",
            {{"phase", "Running"},
             {"podIP", "10.0.0.1"},
             {"conditions", Json::array({{{"type", "Ready"},
                                          {"status", pod_is_ready(node) ? "True" : "False"},
                                          {"lastTransitionTime", rfc3339(node.since)}}})},
             {"containerStatuses",
              Json::array({{{"ready", running}, {"restartCount", node.restarts}}})}}}});
    }
    if (!world_.api.find(kube::kDaemonSets, kChild)) return;
    world_.edit(kube::kDaemonSets, [&](Json& object) {
      object["status"] = {{"observedGeneration", object["metadata"]["generation"]},
                          {"desiredNumberScheduled", desired},
                          {"currentNumberScheduled", desired},
                          {"numberReady", available},
                          {"updatedNumberScheduled", desired},
                          {"numberAvailable", available}};
    });
  }

  [[nodiscard]] bool says_late(const Json& status, Destination destination) const {
    for (const Json& entry : array_at(status, {"destinations"})) {
      if (text_at(entry, {"name"}) != to_string(destination)) continue;
      const auto oldest = parse_rfc3339(text_at(entry, {"oldestUndelivered"}));
      return oldest && world_.clock.wall() - *oldest >= kSaidWithin;
    }
    return false;
  }

  void judge() {
    const Json status = world_.status();
    const bool ready = world_.condition("Ready").starts_with("True");
    history_ << rfc3339(world_.clock.wall()) << " " << world_.condition("Ready") << " "
             << world_.condition("AgentsAvailable") << "\n";
    std::set<std::string> lost;
    for (const Json& entry : array_at(status, {"nodesLost"})) {
      lost.emplace(text_at(entry, {"disk"}));
    }
    if (world_.clock.wall() - removed_ >= kSaidWithin) {
      for (const std::string& disk : gone_) {
        EXPECT_TRUE(lost.contains(disk)) << disk << " went with a backlog\n" << history_.str();
      }
    }
    if (!ready) return;
    // Whatever has become of the agent that reported it, of its node, and of the operator. The
    // status's times are half a minute coarse.
    if (told_of_loss_ && world_.clock.wall() - *told_of_loss_ < seconds(60)) {
      ADD_FAILURE() << "spans were just lost\n" << history_.str();
    }
    for (const auto& [name, node] : nodes_) {
      // If an application has no agent, nobody accepts its spans.
      const bool others_serve = falls_back_ && !node.has_agent;
      const WallTime since = std::max(node.since, node.application_since);
      const bool unserved = node.application && !node.stores() && !others_serve &&
                            world_.clock.wall() - since >= kSaidWithin;
      EXPECT_FALSE(unserved) << "nobody takes spans on " << name << "\n" << history_.str();
      if (!node.has_agent) continue;  // what waits there is judged by gone_
      for (const auto& [destination, lane] : node.lanes) {
        const bool late =
            !lane.waiting.empty() && world_.clock.wall() - lane.waiting.front() >= kSaidWithin;
        const bool is_heard = node.said && !node.said->unreachable;
        if (late && (is_heard || !says_late(status, destination))) {
          ADD_FAILURE() << "spans of " << name << " wait for " << to_string(destination) << "\n"
                        << history_.str();
        }
      }
    }
  }

  static constexpr uint64_t kKinds = 16;

  Random random_;
  const uint64_t every_;                           // average number of steps between faults
  const bool falls_back_ = random_.below(2) == 0;  // to agents of other nodes
  std::vector<uint64_t> kinds_;
  World world_;
  int made_ = 0;
  std::map<std::string, NodeModel> nodes_;
  std::map<Destination, Answer> answers_{{Destination::kArize, Answer::kTaken},
                                         {Destination::kDatabricks, Answer::kTaken}};
  std::map<std::string, std::string> secrets_{{"arize", ""}, {"databricks", ""}};
  std::set<std::string> gone_;       // disks with a backlog that the operator knew of
  std::set<std::string> unwritten_;  // of them: the status did not have it yet
  WallTime removed_{};
  std::optional<WallTime> told_of_loss_;  // when the last loss was that an agent reported
  std::ostringstream history_;
};

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(ReadySchedules, NeverSaysMoreThanIsTrue) {
  const uint64_t first = number_from("DUALTRACE_READY_SEED", 1);
  const uint64_t count =
      number_from("DUALTRACE_READY_SCHEDULES", std::getenv("DUALTRACE_READY_SEED") ? 1 : 4);
  for (uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("DUALTRACE_READY_SEED=" + std::to_string(seed));
    Schedule(seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace dualtrace::ctl

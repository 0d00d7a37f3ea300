// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/node_watch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/time/rfc3339.h"
#include "operator/reconcile/observe.h"

namespace dualtrace::ctl {
namespace {

constexpr Duration kPlacePatience = std::chrono::seconds(30);
constexpr size_t kNamesMax = 5;

// Since the control plane reported it, or since the pod was created.
std::optional<WallTime> unready_since(const Json& pod) {
  for (const Json& condition : array_at(pod, {"status", "conditions"})) {
    if (text_at(condition, {"type"}) != "Ready") continue;
    if (const auto when = parse_rfc3339(text_at(condition, {"lastTransitionTime"}))) return *when;
  }
  if (const auto when = parse_rfc3339(text_at(pod, {"metadata", "creationTimestamp"})))
    return *when;
  return std::nullopt;
}

bool has_restarted(const Json& pod) {
  const Json& containers = array_at(pod, {"status", "containerStatuses"});
  return std::any_of(containers.begin(), containers.end(), [](const Json& container) {
    return integer_at(container, {"restartCount"}).value_or(0) > 0;
  });
}

NodeWatch::Reports by_pod(const std::vector<AgentReport>& reports) {
  NodeWatch::Reports found;
  for (const AgentReport& report : reports) found[report.pod] = &report;
  return found;
}

// nullptr if its agent has never answered.
const AgentReport* report_of(const Json& pod, const NodeWatch::Reports& reports) {
  const auto report = reports.find(text_at(pod, {"metadata", "name"}));
  return report == reports.end() ? nullptr : report->second;
}

}  // namespace

void NodeWatch::resume(const Json& status) {
  for (const Json& entry : array_at(status, {"agents", "nodesSilent"})) {
    const auto since = parse_rfc3339(text_at(entry, {"since"}));
    if (since) silent_since_[std::string(text_at(entry, {"node"}))] = *since;
  }
}

// An agent that this process has not polled yet continues not to answer.
void NodeWatch::note_silence(const std::vector<kube::ObjectPointer>& pods, const Reports& reports,
                             const Now& now) {
  std::set<std::string> present;
  std::set<std::string> answering;
  std::set<std::string> silent;
  for (const kube::ObjectPointer& pod : pods) {
    const std::string node = node_of(*pod);
    if (kube::is_ending(*pod)) continue;
    present.insert(node);
    if (const AgentReport* report = report_of(*pod, reports)) {
      (report->unreachable ? silent : answering).insert(node);
    }
  }
  for (const std::string& node : silent) silent_since_.try_emplace(node, now.wall);
  std::erase_if(silent_since_, [&](const auto& node) {
    return answering.contains(node.first) || !present.contains(node.first);
  });
}

NodeWatch::Pod NodeWatch::judge(const Json& pod, const AgentReport* report) const {
  Pod agent{.uid = std::string(text_at(pod, {"metadata", "uid"}))};
  const bool silent =
      report == nullptr ? silent_since_.contains(node_of(pod)) : report->unreachable.has_value();
  if (!is_ready(pod)) agent.unready_since = unready_since(pod);
  // An agent that stops answering after it reported that it cannot store is not assumed to store.
  if (report != nullptr) agent.why = report->says.not_ready_reason;
  if (is_ready(pod) && silent && agent.why.empty()) {
    agent.standing = Standing::kSilent;
    if (report != nullptr) agent.why = *report->unreachable;
  } else if (is_ready(pod)) {
    agent.standing = agent.why.empty() ? Standing::kServing : Standing::kFailing;
  } else if (is_on_unheard_node(pod)) {
    agent.standing = Standing::kUnheard;
  } else if (text_at(pod, {"spec", "nodeName"}).empty()) {
    agent.standing = Standing::kUnplaced;
  } else {
    const auto known = nodes_.find(std::string(text_at(pod, {"spec", "nodeName"})));
    const bool served = known != nodes_.end() && known->second.serving_uid == agent.uid;
    agent.standing = served || has_restarted(pod) ? Standing::kFailing : Standing::kAwaited;
  }
  return agent;
}

void NodeWatch::note_gone(const std::map<std::string, Pod>& present, Tick now) {
  std::erase_if(gone_, [&](const auto& gone) { return now - gone.second.since >= kNodePatience; });
  std::erase_if(nodes_, [&](const auto& entry) {
    const auto& [name, node] = entry;
    if (present.contains(name)) return false;
    if (node.agent.standing > Standing::kSilent) gone_[name] = {node, now};
    return true;
  });
}

void NodeWatch::update(const std::string& name, Pod agent, const Now& now) {
  if (const auto before = gone_.extract(name)) nodes_[name] = before.mapped().node;
  Node& node = nodes_[name];
  const auto waits = [](const Pod& pod) {
    return pod.standing != Standing::kServing && pod.standing != Standing::kFailing;
  };
  if (node.agent.uid.empty()) {  // seen for the first time, but not necessarily new
    const Duration already =
        agent.unready_since ? now.wall - *agent.unready_since : Duration::zero();
    node.since = now.tick - std::max(already, Duration::zero());
  } else if (node.agent.standing != agent.standing && !(waits(node.agent) && waits(agent))) {
    node.since = now.tick;
  }
  const auto silent = silent_since_.find(name);
  if (agent.standing == Standing::kSilent && silent != silent_since_.end()) {
    const Duration already = std::max(now.wall - silent->second, Duration::zero());
    node.since = std::min(node.since, now.tick - already);
  }
  if (agent.standing == Standing::kServing) node.serving_uid = agent.uid;
  node.agent = std::move(agent);
}

void NodeWatch::note(const std::vector<kube::ObjectPointer>& pods,
                     const std::vector<AgentReport>& reports, const DaemonSetFact& set,
                     const Now& now) {
  const auto said = by_pod(reports);
  note_silence(pods, said, now);
  std::map<std::string, Pod> best;
  for (const kube::ObjectPointer& pod : pods) {
    const std::string node = node_of(*pod);
    if (node.empty() || kube::is_ending(*pod)) continue;
    Pod agent = judge(*pod, report_of(*pod, said));
    const auto [known, is_new] = best.try_emplace(node, agent);
    if (!is_new && agent.standing < known->second.standing) known->second = std::move(agent);
  }
  note_gone(best, now.tick);
  for (auto& [node, agent] : best) update(node, std::move(agent), now);
  note_troubles(pods, said, now);
  if (set.scheduled >= set.desired) {
    pods_missing_.reset();
  } else if (!pods_missing_) {
    pods_missing_ = now.tick;
  }
}

// Reported immediately, even while a node is within its grace period: during a rollout, people want
// to know where and why it is stuck.
void NodeWatch::note_troubles(const std::vector<kube::ObjectPointer>& pods, const Reports& reports,
                              const Now& now) {
  const auto before = std::exchange(troubled_, {});
  troubles_due_.reset();
  const auto lasts = [&](std::optional<WallTime> since) {
    if (!since) return false;
    const Duration left = *since + kPlacePatience - now.wall;
    if (left <= Duration::zero()) return true;
    if (!troubles_due_ || now.tick + left < *troubles_due_) troubles_due_ = now.tick + left;
    return false;
  };
  std::set<std::string> unheard;
  for (const kube::ObjectPointer& pod : pods) {
    if (!kube::is_ending(*pod) && is_on_unheard_node(*pod)) unheard.insert(node_of(*pod));
  }
  for (const kube::ObjectPointer& pod : pods) {
    const std::string node = node_of(*pod);
    if (node.empty() || kube::is_ending(*pod) || is_ready(*pod)) continue;
    std::optional<PodTrouble> trouble = pod_trouble(*pod);
    if (!trouble && unheard.contains(node)) {
      trouble = {"NodeNotReady", "the node's kubelet does not report to the control plane"};
    }
    if (!trouble && lasts(waits_for_kubelet_since(*pod))) {
      trouble = {"NotStarted", "the node's kubelet has not started the pod"};
    }
    if (const AgentReport* report = report_of(*pod, reports); !trouble && report != nullptr) {
      const std::string& why = report->says.not_ready_reason;
      if (!why.empty() && lasts(unready_since(*pod))) trouble = {"NotReady", why};
    }
    if (!trouble) continue;
    std::string uid(text_at(*pod, {"metadata", "uid"}));
    // For an image, the kubelet alternates between the cause and, between two pulls, "back-off".
    const auto known = before.find(node);
    if (trouble->reason == "ImagePullBackOff" && known != before.end() &&
        known->second.uid == uid && known->second.trouble.reason == trouble->reason &&
        known->second.trouble.message.size() > trouble->message.size()) {
      trouble = known->second.trouble;
    }
    troubled_.insert_or_assign(node, Troubled{std::move(uid), *std::move(trouble)});
  }
}

bool NodeWatch::is_patient(const Node& node, Tick now) {
  return node.agent.standing != Standing::kFailing && now - node.since < patience(node);
}

Duration NodeWatch::patience(const Node& node) {
  return node.agent.standing == Standing::kUnplaced ? kPlacePatience : kNodePatience;
}

NodesFact NodeWatch::fact(Tick now) const {
  NodesFact fact;
  for (const auto& [name, troubled] : troubled_) {
    fact.cannot_run.push_back({name, troubled.trouble.reason, troubled.trouble.message});
  }
  for (const auto& [node, since] : silent_since_) fact.unanswering.push_back({node, since});
  fact.pods_missing = pods_missing_ && now - *pods_missing_ >= kNodePatience;
  for (const auto& [name, node] : nodes_) {
    if (node.agent.standing <= Standing::kSilent) ++fact.serving;
    if (node.agent.standing == Standing::kServing) continue;
    if (is_patient(node, now)) {
      fact.awaited.push_back(name);
      if (node.agent.standing == Standing::kUnheard) ++fact.unheard;
    } else {
      auto& troubled = node.agent.standing == Standing::kSilent ? fact.silent : fact.failing;
      const auto pod = troubled_.find(name);
      const bool said = pod != troubled_.end() && pod->second.trouble.message != node.agent.why;
      troubled.push_back({name, node.agent.why, said ? to_string(pod->second.trouble) : ""});
    }
  }
  return fact;
}

UnservedFact NodeWatch::unserved(const std::map<std::string, PodsOnNode>& injected, Tick now) {
  std::erase_if(without_agent_, [&](const auto& node) {
    return !injected.contains(node.first) || nodes_.contains(node.first);
  });
  const bool is_first_look = !std::exchange(looked_, true);
  const auto since_of = [&](const std::string& node) {
    const auto gone = gone_.find(node);
    const bool had_none = gone != gone_.end() && !is_patient(gone->second.node, now);
    return is_first_look || had_none ? now - kPlacePatience : now;
  };
  UnservedFact fact;
  for (const auto& [name, there] : injected) {
    const auto node = nodes_.find(name);
    const bool served =
        node == nodes_.end()
            ? now - without_agent_.try_emplace(name, since_of(name)).first->second < kPlacePatience
            : node->second.agent.standing <= Standing::kSilent || is_patient(node->second, now);
    if (served) continue;
    fact.pods += there.pods;
    fact.nodes.push_back(name);
    for (const std::string& pod : there.names) {
      if (fact.names.size() < kNamesMax) fact.names.push_back(pod);
    }
  }
  std::sort(fact.names.begin(), fact.names.end());
  return fact;
}

std::optional<Tick> NodeWatch::look_again(Tick now) const {
  std::optional<Tick> next;
  const auto consider = [&](Tick when) {
    if (when > now && (!next || when < *next)) next = when;
  };
  if (troubles_due_) consider(*troubles_due_);
  if (pods_missing_) consider(*pods_missing_ + kNodePatience);
  for (const auto& [name, node] : nodes_) {
    if (node.agent.standing != Standing::kServing) consider(node.since + patience(node));
  }
  for (const auto& [name, since] : without_agent_) consider(since + kPlacePatience);
  return next;
}

}  // namespace dualtrace::ctl

#include "operator/reconcile/node_watch.h"

#include <algorithm>
#include <utility>

#include "common/time/rfc3339.h"
#include "operator/reconcile/observe.h"

namespace dualtrace::ctl {
namespace {

constexpr Duration kPlacePatience = std::chrono::seconds(30);
constexpr size_t kNamesMax = 5;

// As the kubelet last said. A pod that is not ready although its containers are is on a node that
// the control plane does not hear of.
bool containers_are_ready(const Json& pod) {
  const Json& containers = array_at(pod, {"status", "containerStatuses"});
  return !containers.empty() &&
         std::all_of(containers.begin(), containers.end(), [](const Json& container) {
           const Json* ready = find(container, {"ready"});
           return ready != nullptr && *ready == true;
         });
}

// Since the control plane said so, or since the pod is there.
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

std::map<std::string_view, const AgentReport*> by_pod(const std::vector<AgentReport>& reports) {
  std::map<std::string_view, const AgentReport*> found;
  for (const AgentReport& report : reports) found[report.pod] = &report;
  return found;
}

}  // namespace

NodeWatch::Pod NodeWatch::judge(const Json& pod, const AgentReport* report) const {
  Pod agent{.uid = std::string(text_at(pod, {"metadata", "uid"}))};
  const bool silent = report != nullptr && report->unreachable;
  if (!is_ready(pod)) agent.unready_since = unready_since(pod);
  if (report != nullptr && !silent) agent.why = report->says.not_ready_reason;
  if (is_ready(pod) && silent) {
    agent.standing = Standing::kSilent;
    agent.why = *report->unreachable;
  } else if (is_ready(pod)) {
    agent.standing = agent.why.empty() ? Standing::kServing : Standing::kFailing;
  } else if (containers_are_ready(pod)) {
    agent.standing = Standing::kAwaited;
  } else {
    const auto known = nodes_.find(std::string(text_at(pod, {"spec", "nodeName"})));
    const bool served = known != nodes_.end() && known->second.serving_uid == agent.uid;
    agent.standing = served || has_restarted(pod) ? Standing::kFailing : Standing::kAwaited;
  }
  return agent;
}

void NodeWatch::update(Node& node, Pod agent, const Now& now) {
  const auto waits = [](const Pod& pod) {
    return pod.standing == Standing::kSilent || pod.standing == Standing::kAwaited;
  };
  if (node.agent.uid.empty()) {  // seen for the first time, but not necessarily new
    const Duration already =
        agent.unready_since ? now.wall - *agent.unready_since : Duration::zero();
    node.since = now.tick - std::max(already, Duration::zero());
  } else if (node.agent.standing != agent.standing && !(waits(node.agent) && waits(agent))) {
    node.since = now.tick;
  }
  if (agent.standing == Standing::kServing) node.serving_uid = agent.uid;
  node.agent = std::move(agent);
}

void NodeWatch::note(const std::vector<kube::ObjectPointer>& pods,
                     const std::vector<AgentReport>& reports, const DaemonSetFact& set,
                     const Now& now) {
  const auto said = by_pod(reports);
  std::map<std::string, Pod> best;
  for (const kube::ObjectPointer& pod : pods) {
    const std::string node(text_at(*pod, {"spec", "nodeName"}));
    if (node.empty() || kube::is_ending(*pod)) continue;
    const auto report = said.find(text_at(*pod, {"metadata", "name"}));
    Pod agent = judge(*pod, report == said.end() ? nullptr : report->second);
    const auto [known, is_new] = best.try_emplace(node, agent);
    if (!is_new && agent.standing < known->second.standing) known->second = std::move(agent);
  }
  std::erase_if(nodes_, [&](const auto& node) { return !best.contains(node.first); });
  for (auto& [node, agent] : best) update(nodes_[node], std::move(agent), now);
  if (set.scheduled >= set.desired) {
    pods_missing_.reset();
  } else if (!pods_missing_) {
    pods_missing_ = now.tick;
  }
}

bool NodeWatch::is_patient(const Node& node, Tick now) {
  return node.agent.standing != Standing::kFailing && now - node.since < kNodePatience;
}

NodesFact NodeWatch::fact(Tick now) const {
  NodesFact fact;
  fact.pods_missing = pods_missing_ && now - *pods_missing_ >= kNodePatience;
  for (const auto& [name, node] : nodes_) {
    if (node.agent.standing == Standing::kServing) continue;
    if (is_patient(node, now)) {
      fact.awaited.push_back(name);
    } else {
      auto& troubled = node.agent.standing == Standing::kSilent ? fact.silent : fact.failing;
      troubled.push_back({name, node.agent.why});
    }
  }
  return fact;
}

UnservedFact NodeWatch::unserved(const std::map<std::string, PodsOnNode>& injected, Tick now) {
  std::erase_if(without_agent_, [&](const auto& node) {
    return !injected.contains(node.first) || nodes_.contains(node.first);
  });
  const Tick since = std::exchange(looked_, true) ? now : now - kPlacePatience;
  UnservedFact fact;
  for (const auto& [name, there] : injected) {
    const auto node = nodes_.find(name);
    const bool served =
        node == nodes_.end()
            ? now - without_agent_.try_emplace(name, since).first->second < kPlacePatience
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
  if (pods_missing_) consider(*pods_missing_ + kNodePatience);
  for (const auto& [name, node] : nodes_) {
    if (node.agent.standing != Standing::kServing) consider(node.since + kNodePatience);
  }
  for (const auto& [name, since] : without_agent_) consider(since + kPlacePatience);
  return next;
}

}  // namespace dualtrace::ctl

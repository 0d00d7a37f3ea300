// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "operator/status/conditions.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

using CannotRun = NodesFact::CannotRun;
using Trouble = NodesFact::Trouble;

constexpr size_t kWordsBytesMax = 256;  // of what an agent says, or Kubernetes
constexpr size_t kReasonsTold = 3;

std::string names(const std::vector<std::string>& some, int64_t all) {
  std::string text;
  for (const std::string& one : some) text += (text.empty() ? "" : ", ") + one;
  return static_cast<size_t>(all) > some.size() ? text + ", …" : text;
}

std::string nodes_of(const std::vector<Trouble>& troubles) {
  std::vector<std::string> nodes;
  for (const Trouble& trouble : troubles) nodes.push_back(trouble.node);
  return name_list(nodes);
}

// The explanation of the first agent that gives one; "" if none does.
std::string words_of(const std::vector<Trouble>& troubles) {
  for (const Trouble& trouble : troubles) {
    if (!trouble.why.empty()) return ": " + cut(trouble.why, kWordsBytesMax);
  }
  return "";
}

// What Kubernetes reports about the first pod with a problem, or else where to look.
std::string why_not_running(const Facts& facts) {
  for (const Trouble& trouble : facts.nodes.failing) {
    if (!trouble.pod.empty()) return ": " + cut(trouble.pod, kWordsBytesMax);
  }
  const std::string troubles = cannot_run_told(facts.nodes);
  if (facts.nodes.failing.empty() && !troubles.empty()) return "; " + troubles;
  return who_says_why(*facts.daemon_set);
}

bool was_available(const Facts& facts) {
  const Json* before = previous_condition(facts, kAgentsType);
  return before != nullptr && text_at(*before, {"status"}) == to_string(ConditionStatus::kTrue);
}

// If the spec has changed, that change may be the cause.
bool is_same_spec(const Facts& facts) {
  const Json* before = previous_condition(facts, kAgentsType);
  return before != nullptr && integer_at(*before, {"observedGeneration"}) == facts.generation;
}

Condition no_nodes(const Facts& facts) {
  if (was_available(facts) && is_same_spec(facts) && facts.unserved.pods == 0) {
    return make_condition(reason::kScaledToZero,
                          "no node is eligible now, and no injected pod runs; the next eligible "
                          "node gets an agent");
  }
  return make_condition(reason::kNoNodes,
                        "no node is eligible, so no agent runs: check spec.agent.nodeSelector, "
                        "spec.agent.tolerations and the nodes' labels and taints");
}

// The DaemonSet controller counts the oldest pod of each node. While that pod terminates, the node
// counts as one without an agent, although its successor already serves there.
int64_t serving_nodes(const Facts& facts) {
  if (!facts.daemon_set) return 0;
  return std::min(std::max(facts.daemon_set->available, facts.nodes.serving),
                  facts.daemon_set->desired);
}

// In an elastic cluster, some node is always joining and another is not ready. While the others
// serve, these nodes get some minutes before they count. A change of the spec is not to blame for
// nodes that the control plane has lost contact with.
bool is_given_time(const Facts& facts) {
  const int64_t serving = serving_nodes(facts);
  const bool no_change_of_ours =
      is_same_spec(facts) || serving + facts.nodes.unheard >= facts.daemon_set->desired;
  return was_available(facts) && no_change_of_ours && serving > 0 && facts.nodes.failing.empty() &&
         !facts.nodes.pods_missing;
}

std::string availability(const Facts& facts) {
  return std::to_string(serving_nodes(facts)) + " of " + std::to_string(facts.daemon_set->desired) +
         " agents are available";
}

Condition unavailable(const Facts& facts) {
  const std::vector<Trouble>& failing = facts.nodes.failing;
  const std::string agents = availability(facts);
  const bool all_say_why =
      !failing.empty() && std::all_of(failing.begin(), failing.end(),
                                      [](const Trouble& trouble) { return !trouble.why.empty(); });
  if (all_say_why) {
    return make_condition(reason::kCannotStore, agents + "; no spans are stored on " +
                                                    nodes_of(failing) + words_of(failing));
  }
  const std::string where = failing.empty() ? "" : " (not on " + nodes_of(failing) + ")";
  return make_condition(reason::kPodsUnavailable,
                        agents + where + why_not_running(facts) + words_of(failing));
}

Condition shut_out(const InjectionFact& pods) {
  return make_condition(
      reason::kPodsShutOut,
      std::to_string(pods.shut_out) + " pods send to agents whose NetworkPolicy blocks them (" +
          names(pods.shut_out_pods, pods.shut_out) +
          "): the export no longer admits their namespaces; admit them in "
          "spec.injection.namespaceSelector, or restart the pods, which are then skipped");
}

Condition unserved(const Facts& facts) {
  const UnservedFact& pods = facts.unserved;
  const std::string who = std::to_string(pods.pods) + " injected pods (" +
                          names(pods.names, pods.pods) + ") run on nodes without a ready agent (" +
                          name_list(pods.nodes) + ")";
  if (facts.falls_back && serving_nodes(facts) > 0) {
    return make_condition(reason::kServedByOtherNodes,
                          who + "; agents on other nodes receive their spans");
  }
  return make_condition(reason::kPodsUnserved,
                        who +
                            ", so their spans are not received; let agents run there with "
                            "spec.agent.nodeSelector and spec.agent.tolerations, or keep the "
                            "pods off these nodes");
}

Condition silent(const Facts& facts) {
  const std::vector<Trouble>& agents = facts.nodes.silent;
  return make_condition(reason::kAgentsSilent,
                        "agents do not answer the operator (on " + nodes_of(agents) + ")" +
                            words_of(agents) +
                            "; it is unknown whether their spans are delivered. Check whether a "
                            "NetworkPolicy blocks the operator from port 8888 of the agents");
}

Condition available(const Facts& facts) {
  std::string message = availability(facts);
  if (!facts.nodes.awaited.empty()) {
    message += "; " + name_list(facts.nodes.awaited) +
               " joined or became not ready within the last five minutes";
  }
  const std::string troubles = cannot_run_told(facts.nodes);
  if (!troubles.empty()) message += "; the newest agent does not run everywhere: " + troubles;
  return make_condition(reason::kAvailable, message);
}

}  // namespace

// Groups nodes by the reason that the agent cannot run there: five hundred nodes share one or two.
std::string cannot_run_told(const NodesFact& nodes) {
  std::vector<std::string_view> reasons;
  for (const CannotRun& one : nodes.cannot_run) {
    if (std::find(reasons.begin(), reasons.end(), one.reason) == reasons.end()) {
      reasons.push_back(one.reason);
    }
  }
  std::string text;
  for (size_t i = 0; i < std::min(reasons.size(), kReasonsTold); ++i) {
    std::vector<std::string> names;
    std::string_view message;
    for (const CannotRun& one : nodes.cannot_run) {
      if (one.reason != reasons[i]) continue;
      if (message.empty()) message = one.message;
      names.push_back(one.node);
    }
    text += (text.empty() ? "" : "; ") + name_list(names) +
            " cannot run it: " + std::string(reasons[i]);
    if (!message.empty()) text += ": " + cut(message, kWordsBytesMax);
  }
  return text;
}

namespace {

std::string mebibytes(uint64_t bytes) { return std::to_string(bytes >> 20) + "Mi"; }

// Agents whose container has less memory than the export asks for: something lowered its limit.
// They work, but refuse requests under a lower load than expected.
std::string less_memory_told(const Facts& facts) {
  std::vector<std::string> nodes;
  const report::Admission* least = nullptr;
  for (const AgentReport& agent : facts.agents) {
    const report::Admission& memory = agent.says.admission;
    if (agent.unreachable || memory.bytes_max >= memory.bytes_configured) continue;
    nodes.push_back(agent.node);
    if (least == nullptr || memory.bytes_max < least->bytes_max) least = &memory;
  }
  if (least == nullptr) return "";
  std::sort(nodes.begin(), nodes.end());
  return "; the memory limit of the agents on " + name_list(nodes) +
         " is lower than spec.agent.resources asks for (" + mebibytes(least->memory_limit) +
         "), so they hold at most " + mebibytes(least->bytes_max) + " of spans that are not yet " +
         "stored, instead of " + mebibytes(least->bytes_configured) +
         ": check what changes the limits of pods, such as a VerticalPodAutoscaler, an admission "
         "policy or GKE Autopilot";
}

// What the DaemonSet's counts and the nodes' agents show.
Condition of_nodes(const Facts& facts) {
  const auto& set = facts.daemon_set;
  if (!set || set->observed_generation == 0) {
    return make_condition(
        reason::kPending,
        "the DaemonSet does not exist yet, or its controller has not processed it");
  }
  if (set->desired == 0) return no_nodes(facts);
  const bool falls_short = set->available < set->desired || !facts.nodes.failing.empty();
  return falls_short && !is_given_time(facts) ? unavailable(facts) : available(facts);
}

int badness(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::kTrue:
      return 0;
    case ConditionStatus::kUnknown:
      return 1;
    case ConditionStatus::kFalse:
      break;
  }
  return 2;
}

}  // namespace

// Of several facts, the worst holds, so that one more fault never makes the status look better; of
// equally bad ones, the first.
Condition agents_available(const Facts& facts) {
  Condition nodes = of_nodes(facts);
  const bool all_well = nodes.status == ConditionStatus::kTrue;
  std::vector<Condition> found;
  if (!all_well) found.push_back(nodes);
  if (facts.injection && facts.injection->shut_out > 0) {
    found.push_back(shut_out(*facts.injection));
  }
  if (facts.unserved.pods > 0) found.push_back(unserved(facts));
  if (!facts.nodes.silent.empty()) found.push_back(silent(facts));
  if (all_well) found.push_back(std::move(nodes));
  Condition worst = *std::max_element(
      found.begin(), found.end(),
      [](const Condition& a, const Condition& b) { return badness(a.status) < badness(b.status); });
  worst.message += less_memory_told(facts);
  return worst;
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// NodeWatch: which nodes' agents take no spans, and since when. In an elastic cluster some node
// always joins and another is not ready: those get time before they count. A restarted operator
// does not start that time again, for pods tell since when they are not ready. What was seen to
// serve and then fails counts at once. Used by the reconciler, one for each export. Used from one
// thread at a time.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/kube/store.h"
#include "common/time/clock.h"
#include "operator/reconcile/pod_trouble.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

// For a node that joins, or that its kubelet says nothing of.
inline constexpr Duration kNodePatience = std::chrono::minutes(5);

class NodeWatch {
 public:
  struct Now {
    Tick tick;
    WallTime wall;
  };
  // `pods`: the export's agents, trimmed (trim.h); `reports`: what they say. `set`: the numbers of
  // their DaemonSet.
  void note(const std::vector<kube::ObjectPointer>& pods, const std::vector<AgentReport>& reports,
            const DaemonSetFact& set, const Now& now);
  [[nodiscard]] NodesFact fact(Tick now) const;
  // The injected pods whose node has no agent that takes spans. Each node without any is given a
  // moment, for what tells of pods and of agents is not told at once; but not those of the first
  // look, which were there before this process.
  [[nodiscard]] UnservedFact unserved(const std::map<std::string, PodsOnNode>& injected, Tick now);
  // When something counts that does not count yet.
  [[nodiscard]] std::optional<Tick> look_again(Tick now) const;

 private:
  enum class Standing {
    kServing,
    kSilent,    // ready, but it does not answer the operator
    kUnheard,   // its kubelet says nothing
    kAwaited,   // it starts
    kUnplaced,  // it does not fit on the node
    kFailing,
  };
  struct Pod {  // the best that is known of a node's agents
    Standing standing = Standing::kFailing;
    std::string uid{};
    std::string why{};
    std::optional<WallTime> unready_since{};  // as the pod has it
  };
  struct Node {
    Pod agent;
    Tick since{};             // of the standing; of the first of those that wait
    std::string serving_uid;  // "": it has not served yet
  };
  [[nodiscard]] Pod judge(const Json& pod, const AgentReport* report) const;
  static void update(Node& node, Pod agent, const Now& now);
  [[nodiscard]] static Duration patience(const Node& node);
  [[nodiscard]] static bool is_patient(const Node& node, Tick now);
  void note_troubles(const std::vector<kube::ObjectPointer>& pods, const Now& now);

  struct Troubled {
    std::string uid;
    PodTrouble trouble;
  };
  std::map<std::string, Node> nodes_;
  std::map<std::string, Troubled> troubled_;  // nodes with a pod that cannot run
  std::optional<Tick> kubelets_due_;  // when one that is slow becomes one that does not start pods
  std::map<std::string, Tick> without_agent_;  // with injected pods
  bool looked_ = false;                        // for those
  std::optional<Tick> pods_missing_;
};

}  // namespace dualtrace::ctl

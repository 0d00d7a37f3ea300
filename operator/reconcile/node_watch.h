// SPDX-License-Identifier: Apache-2.0
#pragma once
// NodeWatch: which nodes' agents receive no spans, and since when. In an elastic cluster, some node
// is always joining and another is not ready: these get a grace period before they count. A
// restarted operator does not restart that period: pods carry the time since which they are not
// ready, and the export's status the time since which agents do not answer. A node that was
// observed to serve and then fails counts immediately. Used by the reconciler, one for each export.
// Used from one thread at a time.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/kube/store.h"
#include "common/time/clock.h"
#include "operator/reconcile/pod_trouble.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

class NodeWatch {
 public:
  using Reports = std::map<std::string_view, const AgentReport*>;  // by the name of the pod
  struct Now {
    Tick tick;
    WallTime wall;
  };
  // Continues from what the previous operator wrote to the export's status.
  void resume(const Json& status);
  // `pods`: the export's agents, trimmed (trim.h); `reports`: what they report. `set`: the counts
  // of their DaemonSet.
  void note(const std::vector<kube::ObjectPointer>& pods, const std::vector<AgentReport>& reports,
            const DaemonSetFact& set, const Now& now);
  [[nodiscard]] NodesFact fact(Tick now) const;
  // The injected pods whose node has no agent that receives spans. A node without one gets a short
  // grace period, because news of pods and of agents does not arrive together. Nodes that have none
  // at the first look get no grace period: they had none before this process started.
  [[nodiscard]] UnservedFact unserved(const std::map<std::string, PodsOnNode>& injected, Tick now);
  // When the next grace period ends.
  [[nodiscard]] std::optional<Tick> look_again(Tick now) const;

 private:
  enum class Standing {
    kServing,
    kSilent,    // ready, but it does not answer the operator
    kUnheard,   // its kubelet does not report
    kAwaited,   // it is starting
    kUnplaced,  // it does not fit on the node
    kFailing,
  };
  struct Pod {  // of a node's agents, the one in the best state
    Standing standing = Standing::kFailing;
    std::string uid{};
    std::string why{};
    std::optional<WallTime> unready_since{};  // according to the pod
  };
  struct Node {
    Pod agent;
    Tick since{};             // of the standing; the first of a series of waiting ones
    std::string serving_uid;  // "": it has not served yet
  };
  [[nodiscard]] Pod judge(const Json& pod, const AgentReport* report) const;
  void note_silence(const std::vector<kube::ObjectPointer>& pods, const Reports& reports,
                    const Now& now);
  // Of the nodes that have no pod any more.
  void note_gone(const std::map<std::string, Pod>& present, Tick now);
  void update(const std::string& name, Pod agent, const Now& now);
  [[nodiscard]] static Duration patience(const Node& node);
  [[nodiscard]] static bool is_patient(const Node& node, Tick now);
  void note_troubles(const std::vector<kube::ObjectPointer>& pods, const Reports& reports,
                     const Now& now);

  struct Troubled {
    std::string uid;
    PodTrouble trouble;
  };
  std::map<std::string, Node> nodes_;
  struct Gone {
    Node node;
    Tick since{};
  };
  // Nodes that did not serve when their pod was deleted. A new pod there, the next of a series that
  // do not become ready, gets no new grace period.
  std::map<std::string, Gone> gone_;
  std::map<std::string, WallTime> silent_since_;  // nodes without an agent that answers
  std::map<std::string, Troubled> troubled_;      // nodes with a pod that cannot run or store
  std::optional<Tick> troubles_due_;  // when the next pod that is not ready counts as one of them
  std::map<std::string, Tick> without_agent_;  // with injected pods
  bool looked_ = false;                        // for without_agent_
  std::optional<Tick> pods_missing_;
};

}  // namespace dualtrace::ctl

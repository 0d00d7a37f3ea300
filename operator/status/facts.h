// SPDX-License-Identifier: Apache-2.0
#pragma once
// Facts: everything that reconcile/ has found out about one export, and the only input of status/.
// Times are part of the facts; this folder reads no clock.
// Immutable.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/error/error.h"
#include "common/json/json.h"
#include "common/report/report.h"
#include "common/time/clock.h"
#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {

// How long problems of single nodes count as normal in a cluster: a node joins, or its kubelet or
// agent does not report; spans wait on one node while others deliver; a node has no agent, before
// its backlog counts as lost.
inline constexpr Duration kNodePatience = std::chrono::minutes(5);

// One key of one Secret that the export names, or of a ConfigMap with a certificate authority.
struct SecretFact {
  enum class State {
    kPresent,
    kSecretMissing,  // or the ConfigMap
    kKeyMissing,
    kValueEmpty,
    kSpaceIdMalformed,  // Arize would answer OK and store nothing
    kValueUnusable,     // it cannot be a credential or an authority; `detail` says why
    kNeverSent,         // belongs to the cluster or its programs; `detail` says so
    kUnreadable,        // the operator may not read it: only the agents can tell
  };
  std::string path;  // "spec.arize.credentials"
  KeyReference reference;
  State state = State::kPresent;
  std::string detail{};                  // without any content of the Secret
  std::optional<CredentialPart> part{};  // the file that agents report
  std::string fingerprint{};  // of its value, as agents report it; "" if it is not kPresent
  bool immutable = false;
  std::string version{};              // the Secret's resourceVersion; "" if it was not read
  std::optional<WallTime> expires{};  // of a certificate authority: when its first certificate does
  std::optional<WallTime> all_expired{};  // when its last one does
  bool of_config_map = false;

  [[nodiscard]] std::string kind() const { return of_config_map ? "ConfigMap" : "Secret"; }
  bool operator==(const SecretFact&) const = default;
};

struct DaemonSetFact {
  int64_t generation = 0;
  int64_t observed_generation = 0;
  int64_t desired = 0;
  int64_t ready = 0;
  int64_t updated = 0;
  int64_t available = 0;
  int64_t scheduled = 0;  // nodes that have a pod at all
  bool operator==(const DaemonSetFact&) const = default;
};

// What the agent of one node reports about itself (its GET /status).
struct AgentReport {
  std::string node;
  std::string pod;
  bool ending = false;                       // the pod is being deleted
  std::optional<std::string> unreachable{};  // why its report is outdated or missing
  report::Agent says{};
};

// Nodes without a properly working agent. Sorted by node.
struct NodesFact {
  struct Trouble {
    std::string node;
    std::string why{};  // the agent's own message; "" if there is none
    std::string pod{};  // what Kubernetes reports about its pod; "" if it may just be starting
    bool operator==(const Trouble&) const = default;
  };
  // Nodes with a DaemonSet pod that cannot run or store; an older agent may still run there.
  struct CannotRun {
    std::string node;
    std::string reason;
    std::string message{};
    bool operator==(const CannotRun&) const = default;
  };
  struct SilentAgent {
    std::string node;
    WallTime since;  // by the operator's clock
    bool operator==(const SilentAgent&) const = default;
  };
  std::vector<CannotRun> cannot_run{};
  int64_t serving = 0;                     // nodes with an agent that is ready
  std::vector<Trouble> failing;            // no agent receives spans there
  std::vector<Trouble> silent;             // one may, but it does not answer the operator
  std::vector<SilentAgent> unanswering{};  // all that do not answer, grace period or not
  std::vector<std::string> awaited;        // joining or not ready, and within the grace period
  int64_t unheard = 0;        // of those: their kubelets do not report; agents may still run
  bool pods_missing = false;  // nodes have had no pod of the DaemonSet for too long
  bool operator==(const NodesFact&) const = default;
};

// Injected pods whose own node has no agent that receives their spans.
struct UnservedFact {
  int64_t pods = 0;
  std::vector<std::string> names{};  // "namespace/name" of some
  std::vector<std::string> nodes{};
  bool operator==(const UnservedFact&) const = default;
};

// Spans that wait on one node for one destination.
struct Backlog {
  std::string destination;
  uint64_t spans = 0;
  uint64_t bytes = 0;
  bool operator==(const Backlog&) const = default;
};

// What a node's agents last reported as waiting there.
struct NodeBacklogFact {
  std::string node;
  std::string disk{};  // report::Agent::disk; "" if it is not known, or if the agents differ
  std::vector<Backlog> backlog{};
  std::optional<WallTime> gone_since{};  // no agent is there, and the node may be lost soon
  bool operator==(const NodeBacklogFact&) const = default;
};

// The backlog that a node's last agent reported before the node was gone, or its disk was replaced,
// and the backlog with it.
struct LostNodeFact {
  std::string node;
  WallTime since;  // when the agent was gone
  std::vector<Backlog> backlog{};
  std::string disk{};
  bool operator==(const LostNodeFact&) const = default;
};

// Spans of one node that were lost within the last report::kLossWindow, under one word for one
// reason. The agent that reported them may no longer do so.
struct RecentLossFact {
  std::string node;
  std::string destination;
  report::Word<report::LossWord> word;
  std::string reason;
  uint64_t spans = 0;
  std::string message{};
  std::optional<WallTime> last{};
  WallTime until;  // when it stops being recent, unless an agent still reports it
  bool operator==(const RecentLossFact&) const = default;
};

// Injected pods of one node.
struct PodsOnNode {
  int64_t pods = 0;
  std::vector<std::string> names{};  // "namespace/name" of some, sorted
  bool operator==(const PodsOnNode&) const = default;
};

// The pods that ask for the export.
struct InjectionFact {
  int64_t annotated = 0;
  int64_t injected = 0;             // received the variables
  std::vector<std::string> missed;  // "namespace/name" of some that did not, sorted
  // Pods that received the variables but that the export no longer admits.
  int64_t shut_out = 0;
  std::vector<std::string> shut_out_pods{};  // some of them
  // Pods by the webhook's reasons: why they got no variables or, if they did, what may prevent the
  // delivery of their spans. A pod counts once under each of its reasons.
  std::map<std::string, int64_t> skipped{};
  std::map<std::string, int64_t> warned{};
  // The nodes of the pods that received the variables; not known yet while `nodes_known` is false.
  std::map<std::string, PodsOnNode> nodes{};
  bool nodes_known = true;
  bool operator==(const InjectionFact&) const = default;
};

struct Facts {
  const Json* previous_status = nullptr;  // for lastTransitionTime; nullptr: none yet
  int64_t generation = 0;
  WallTime now;

  std::string operator_lease;  // of the operator that owns the export: "namespace/name"; "": none
  Consent consent = Consent::kExplicit;
  std::vector<std::string> consent_notices;  // what keeps working as before, and what to write
  std::vector<ExportFault> faults;  // not empty: ConfigValid is false, and nothing was applied
  bool permitted = true;  // false: the faults are that the installation does not permit something
  const DualTraceExport* wanted = nullptr;  // nullptr when there are faults
  std::vector<SecretFact> secrets;
  std::optional<Error> apply_error;  // the first error of applying or pruning
  std::string apply_error_object;    // "DaemonSet ns/name"
  std::optional<DaemonSetFact> daemon_set;
  Duration rollout_still{};  // for how long its counts have not changed, as this process observed
  Duration
      credentials_differ{};  // for how long agents' credentials have differed from the Secrets'
  // For how long every reporting agent has used the same credential (credential_use.h), as this
  // process observed. Without destinations for which they do not.
  std::map<report::Destination, Duration> credential_everywhere{};
  std::string config_fingerprint;   // of the plan
  std::vector<AgentReport> agents;  // except those that are terminating
  NodesFact nodes;
  std::vector<NodeBacklogFact> backlogs;      // the largest ones, by node
  std::vector<LostNodeFact> nodes_lost;       // within a day, the newest first
  std::vector<RecentLossFact> recent_losses;  // by node; of agents that no longer report, too
  std::optional<InjectionFact> injection;     // nullopt: this operator serves no webhook
  UnservedFact unserved;
  bool falls_back = false;  // pods on a node without a ready agent reach agents on other nodes
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Facts: what reconcile/ found out about one export, and all that status/ may know. Times are those
// of the facts; there is no clock in this folder.
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

// One key of one Secret that the export names, or of a ConfigMap with a certificate authority.
struct SecretFact {
  enum class State {
    kPresent,
    kSecretMissing,
    kKeyMissing,
    kValueEmpty,
    kSpaceIdMalformed,  // Arize would answer OK and store nothing
    kValueUnusable,     // it cannot be a credential; `detail` says why
    kNeverSent,         // of the cluster or its programs; `detail` says so
    kUnreadable,        // the operator may not read it: the agents alone can tell
  };
  std::string path;  // "spec.arize.credentials"
  KeyReference reference;
  State state = State::kPresent;
  std::string detail{};                          // without any content of the Secret
  std::optional<report::CredentialPart> part{};  // nullopt: agents do not report it
  std::string fingerprint{};  // of the part's value, as agents say it; "" where it was not read
  bool immutable = false;
  std::string version{};              // the Secret's resourceVersion; "" where it was not read
  std::optional<WallTime> expires{};  // of a certificate authority: the first of its certificates
  bool of_config_map = false;         // known only while it is there
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

// What the agent of one node says of itself (its GET /status).
struct AgentReport {
  std::string node;
  std::string pod;
  bool ending = false;                       // the pod is being deleted
  std::optional<std::string> unreachable{};  // why what it says is of before, or nothing
  report::Agent says{};
};

// Nodes whose agents do not serve them as they should. Sorted by node.
struct NodesFact {
  struct Trouble {
    std::string node;
    std::string why{};  // in the agent's own words; "" when there are none
    std::string pod{};  // what Kubernetes says of its pod; "" when it may just be starting
    bool operator==(const Trouble&) const = default;
  };
  // Nodes with a pod of the DaemonSet that cannot run; an older agent may well run there.
  struct CannotRun {
    std::string node;
    std::string reason;
    std::string message{};
    bool operator==(const CannotRun&) const = default;
  };
  std::vector<CannotRun> cannot_run{};
  int64_t serving = 0;               // nodes with an agent that is ready
  std::vector<Trouble> failing;      // no agent takes spans there
  std::vector<Trouble> silent;       // one may, but it does not answer the operator
  std::vector<std::string> awaited;  // joining or not ready, and still given time
  int64_t unheard = 0;               // of those: their kubelets say nothing, and agents may run on
  bool pods_missing = false;         // nodes have had no pod of the DaemonSet for too long
  bool operator==(const NodesFact&) const = default;
};

// Injected pods whose own node has no agent that takes their spans.
struct UnservedFact {
  int64_t pods = 0;
  std::vector<std::string> names{};  // "namespace/name" of some
  std::vector<std::string> nodes{};
  bool operator==(const UnservedFact&) const = default;
};

// What still waited on a node when its last agent was heard; it went with the node.
struct LostNodeFact {
  struct Backlog {
    std::string destination;
    uint64_t spans = 0;
    uint64_t bytes = 0;
    bool operator==(const Backlog&) const = default;
  };
  std::string node;
  WallTime since;  // when the agent was gone
  std::vector<Backlog> backlog{};
  bool operator==(const LostNodeFact&) const = default;
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
  int64_t injected = 0;             // got the variables
  std::vector<std::string> missed;  // "namespace/name" of some that did not, sorted
  // Those that got the variables, and whom the export does not admit any more.
  int64_t shut_out = 0;
  std::vector<std::string> shut_out_pods{};  // some of them
  // Pods by the webhook's reasons: why they got nothing, and what may keep spans of theirs away
  // although they did. A pod counts once under each of its reasons.
  std::map<std::string, int64_t> skipped{};
  std::map<std::string, int64_t> warned{};
  // Where those run that got the variables; not asked for yet while `nodes_known` is false.
  std::map<std::string, PodsOnNode> nodes{};
  bool nodes_known = true;
  bool operator==(const InjectionFact&) const = default;
};

struct Facts {
  const Json* previous_status = nullptr;  // for lastTransitionTime; nullptr: none yet
  int64_t generation = 0;
  WallTime now;

  std::string operator_lease;  // whose the export is: "namespace/name"; "": nobody claims it
  Consent consent = Consent::kExplicit;
  std::vector<std::string> consent_notices;  // what goes on as before, and what to write
  std::vector<ExportFault> faults;  // not empty: ConfigValid is false, and nothing was applied
  bool permitted = true;  // false: what is wrong is that the installation does not permit it
  const DualTraceExport* wanted = nullptr;  // nullptr when there are faults
  std::vector<SecretFact> secrets;
  std::optional<Error> apply_error;  // the first that applying or pruning met
  std::string apply_error_object;    // "DaemonSet ns/name"
  std::optional<DaemonSetFact> daemon_set;
  Duration rollout_still{};  // for how long its counts have not moved, as far as this process saw
  Duration credentials_differ{};    // for how long agents have used others than the Secrets have
  std::string config_fingerprint;   // of the plan
  std::vector<AgentReport> agents;  // but those that are ending
  NodesFact nodes;
  std::vector<LostNodeFact> nodes_lost;    // within a day, the newest first
  std::optional<InjectionFact> injection;  // nullopt: this operator serves no webhook
  UnservedFact unserved;
  bool falls_back = false;  // pods of a node without a ready agent reach those of other nodes
};

}  // namespace dualtrace::ctl

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

// One key of one Secret that the export names.
struct SecretFact {
  enum class State {
    kPresent,
    kSecretMissing,
    kKeyMissing,
    kValueEmpty,
    kSpaceIdMalformed,  // Arize would answer OK and store nothing
    kValueUnusable,     // it cannot be a credential; `detail` says why
    kUnreadable,        // the operator may not read it: the agents alone can tell
  };
  std::string path;  // "spec.arize.credentials"
  KeyReference reference;
  State state = State::kPresent;
  std::string detail{};                          // without any content of the Secret
  std::optional<report::CredentialPart> part{};  // nullopt: a certificate authority
  std::string fingerprint{};  // of the part's value, as agents say it; "" where it was not read
  bool immutable = false;
  std::string version{};              // the Secret's resourceVersion; "" where it was not read
  std::optional<WallTime> expires{};  // of a certificate authority: the first of its certificates
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
  std::optional<std::string> unreachable{};  // why nothing below is known
  report::Agent says{};
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
  bool operator==(const InjectionFact&) const = default;
};

struct Facts {
  const Json* previous_status = nullptr;  // for lastTransitionTime; nullptr: none yet
  int64_t generation = 0;
  WallTime now;

  Consent consent = Consent::kExplicit;
  std::vector<std::string> consent_notices;  // what goes on as before, and what to write
  std::vector<ExportFault> faults;  // not empty: ConfigValid is false, and nothing was applied
  const DualTraceExport* wanted = nullptr;  // nullptr when there are faults
  std::vector<SecretFact> secrets;
  std::optional<Error> apply_error;  // the first that applying or pruning met
  std::string apply_error_object;    // "DaemonSet ns/name"
  std::optional<DaemonSetFact> daemon_set;
  Duration rollout_still{};  // for how long its counts have not moved, as far as this process saw
  Duration credentials_differ{};   // for how long agents have used others than the Secrets have
  std::string config_fingerprint;  // of the plan
  std::vector<AgentReport> agents;
  std::optional<InjectionFact> injection;  // nullopt: this operator serves no webhook
};

}  // namespace dualtrace::ctl

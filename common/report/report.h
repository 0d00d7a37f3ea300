// SPDX-License-Identifier: Apache-2.0
#pragma once
// Report: what an agent reports about itself at GET /status. The agent writes it with to_json(),
// the operator reads it with parse(); nothing else knows the format.
//
// Guarantees: parse(to_json(report)) is the report, cut to the limits and with times in seconds.
//   Keys are only added, never renamed, so that agents and operators of different versions
//   understand each other. Unknown keys are ignored; missing ones read as empty.
// Limits: for lists and texts, applied on both sides, because their content comes from elsewhere (a
//   destination or another version) and goes into an export's status.
// Pure. Immutable.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/report/words.h"
#include "common/time/clock.h"

namespace dualtrace::report {

inline constexpr size_t kLanesMax = 8;
inline constexpr size_t kJournalsMax = 64;
inline constexpr size_t kLossesMax = 16;
inline constexpr size_t kCredentialsMax = 4;
inline constexpr size_t kConnectionFilesMax = 4;
inline constexpr size_t kAudiencesMax = 8;
inline constexpr size_t kWordBytesMax = 64;
inline constexpr size_t kTextBytesMax = 512;
// The limit for a report's JSON. A reader may reject more.
inline constexpr size_t kReportBytesMax = 256 * 1024;

// The lane's ledger: accepted is the sum of the others.
struct Spans {
  uint64_t accepted = 0;
  uint64_t delivered = 0;
  uint64_t rejected = 0;
  uint64_t dead_lettered = 0;
  uint64_t expired = 0;
  uint64_t filtered = 0;
  uint64_t backlog = 0;
  bool operator==(const Spans&) const = default;
};

// The meaning of "lately". It is longer than the operator's poll interval, so that no loss is
// missed, but short enough that an export becomes ready soon after the cause is fixed.
inline constexpr Duration kLossWindow = std::chrono::seconds(90);

// Spans that ended under one word for one reason.
struct Loss {
  Word<LossWord> word;
  std::string reason;   // a LossReason
  uint64_t spans = 0;   // since the agent started, and the last ones of the one before
  uint64_t lately = 0;  // of them, within kLossWindow
  std::optional<WallTime> last{};
  std::string message{};  // the destination's latest message about them
  bool operator==(const Loss&) const = default;
};

struct Credential {
  Word<CredentialPart> part;
  Word<CredentialState> state;
  std::string fingerprint{};           // of the credential in use; "" before the first
  std::string why{};                   // why it is not loaded
  std::string unusable_fingerprint{};  // of the file's content, if that could be read but not used
  bool operator==(const Credential&) const = default;
};

// A file that connections are made with: the certificates to trust, or the credential for a proxy.
// There is no rotation: each new connection reads it.
struct ConnectionFile {
  Word<CredentialPart> part;
  Word<CredentialState> state;
  std::string fingerprint{};              // of its content, usable or not; "" if it was not read
  std::string why{};                      // why it is not loaded
  std::optional<WallTime> expires{};      // of certificates: when the first one does
  std::optional<WallTime> all_expired{};  // when the last one does
  bool operator==(const ConnectionFile&) const = default;
};

// A changed credential that has not yet replaced the one in use.
struct CandidateCredential {
  std::string fingerprint{};
  Word<CandidateState> state;
  std::string reason{};             // a PauseReason: why it is rejected, or cannot be tried yet
  std::string why{};                // the message of the server about that
  std::optional<WallTime> since{};  // in that state
  bool operator==(const CandidateCredential&) const = default;
};

// The values that a federation policy must contain.
struct TokenIdentity {
  std::string issuer{};
  std::string subject{};
  std::vector<std::string> audiences{};
  bool operator==(const TokenIdentity&) const = default;
};

struct PreviousCredential {
  std::string fingerprint{};
  std::optional<WallTime> last_used{};  // by a request, or to get a token
  bool operator==(const PreviousCredential&) const = default;
};

// The credential that a lane uses. Its fingerprint is Lane::credential_fingerprint: of the key, the
// token or the client secret; for a workload identity, whose token changes by itself, of the
// identity.
struct CredentialInUse {
  Word<CredentialKind> kind;
  std::optional<WallTime> since{};          // in use by this process
  std::optional<WallTime> expires{};        // the credential itself, if known; not access tokens
  std::string why{};                        // a problem although it is in use, such as a token that
                                            // cannot be obtained; "": none
  std::optional<TokenIdentity> identity{};  // of a workload identity
  std::optional<CandidateCredential> candidate{};  // during a rotation
  std::optional<PreviousCredential> previous{};    // since the last rotation
  bool operator==(const CredentialInUse&) const = default;
};

struct LastError {
  std::string reason;   // a PauseReason while the lane is paused; else why it retries or gives up
  std::string message;  // the destination's own message
  std::optional<WallTime> when{};
  // For kEverythingRefused: why the latest spans were refused, a LossReason or kForeignAnswer. ""
  // otherwise, and from a version without it.
  std::string cause{};
  bool operator==(const LastError&) const = default;
};

struct Lane {
  std::string name;  // a Destination
  Word<LaneState> state;
  Spans spans{};
  bool balanced = true;
  uint64_t backlog_bytes = 0;
  std::optional<WallTime> oldest_undelivered{};
  uint64_t requests_in_flight = 0;
  std::optional<WallTime> last_delivered{};
  std::optional<LastError> last_error{};
  std::string credential_fingerprint{};   // of the key or token in use; "" before the first
  CredentialInUse credential{};           // empty from a version without rotation
  std::vector<Credential> credentials{};  // all files; none from a version that does not check them
  std::vector<ConnectionFile> connection_files{};  // none from a version that does not check them
  std::vector<Loss> losses{};                      // those with the most recent spans first
  bool operator==(const Lane&) const = default;
};

struct Configuration {
  std::string fingerprint{};  // of the text in force
  std::optional<WallTime> loaded{};
  Word<ConfigurationState> state = ConfigurationState::kInForce;  // of the newest
  std::string why{};                                              // why the newest is not in force
  bool operator==(const Configuration&) const = default;
};

struct Journal {
  std::string name;
  bool adopted = false;  // from a process that is gone; it is only drained
  uint64_t segments = 0;
  uint64_t disk_bytes = 0;
  uint64_t damaged_segments = 0;
  bool refusing = false;
  uint64_t records = 0;
  uint64_t spans = 0;
  bool operator==(const Journal&) const = default;
};

struct Admission {
  uint64_t bytes = 0;
  uint64_t bytes_max = 0;
  uint64_t refusals = 0;
  // As configured. More than bytes_max if the container has less memory than the configuration
  // assumes. 0 from a version that does not report it.
  uint64_t bytes_configured = 0;
  uint64_t memory_limit = 0;  // of the container; 0: none, or not known
  bool operator==(const Admission&) const = default;
};

struct Agent {
  std::string version{};
  std::optional<WallTime> now{};
  std::optional<WallTime> started{};
  std::string not_ready_reason{};  // "": ready: it accepts and stores spans
  Configuration configuration{};
  std::vector<Lane> lanes{};
  std::vector<Journal> journals{};  // its own first
  // Identifies the folder of the journals: what an agent with another one held is not there. "" if
  // the file system cannot tell.
  std::string disk{};
  Admission admission{};
  bool operator==(const Agent&) const = default;
};

[[nodiscard]] std::string to_json(const Agent& agent);
// kInvalid if it is not a report.
Result<Agent> parse(std::string_view json);

// An agent's note to its successor on the same disk: the losses of one lane.
[[nodiscard]] std::string losses_to_json(const std::vector<Loss>& losses);
// kInvalid if it is not such a note.
Result<std::vector<Loss>> parse_losses(std::string_view json);

// 0 for times in the future.
[[nodiscard]] double seconds_since(WallTime then, WallTime now);
// At most that many bytes, cut between characters.
[[nodiscard]] std::string cut(std::string_view text, size_t bytes_max);

}  // namespace dualtrace::report

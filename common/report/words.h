// SPDX-License-Identifier: Apache-2.0
#pragma once
// Words: the fixed words of a report, with each list defined once. The agent reports them, the
// operator switches on them, metrics and the status page show them.
// Agents may be newer than their reader: Word<E> keeps an unknown word as text, so that it can
// still be shown, and known() then returns nullopt.
// Pure. Thread-safe.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/config/credential_part.h"

namespace dualtrace::report {

// In the order in which they are shown.
enum class Destination { kArize, kDatabricks, kLast = kDatabricks };
inline constexpr std::array kDestinations = {Destination::kArize, Destination::kDatabricks};
// "Arize", for use in sentences. to_string() is the name of the lane, "arize".
[[nodiscard]] std::string_view title(Destination destination);

// Best first.
enum class LaneState {
  kIdle,        // nothing is waiting
  kDelivering,  // requests succeed
  kRetrying,    // the destination cannot be reached or asks the agent to back off
  kPaused,      // credentials, table or configuration are rejected; probing slowly
  kLast = kPaused
};

// Why a lane pauses, as the reason of its last error.
enum class PauseReason {
  kAuthRejected,
  kCredentialMissing,  // the agent has none to send
  kPermissionDenied,
  kTableMissing,
  kTableUnsupported,
  kSchemaMismatch,
  kMisconfigured,
  kNotEnabled,
  kEverythingRefused,  // every span is refused; LastError::cause says why
  kForeignAnswer,      // the answers do not come from the destination
  kLast = kForeignAnswer
};

// The ledger's words for lost spans: those that were not delivered although their owner wanted them
// to be.
enum class LossWord { kDeadLettered, kRejected, kExpired, kLast = kExpired };

// Why they are lost.
enum class LossReason {
  kMissingProject,
  kInvalidData,
  kTooLarge,
  kRejected,  // in a partial success
  kBacklog,   // delivery.maxBacklog was reached
  kAge,       // delivery.maxAge
  kJournalDamage,
  kLast = kJournalDamage
};

// How a lane authenticates.
enum class CredentialKind { kAPIKey, kToken, kOAuth, kWorkloadIdentity, kLast = kWorkloadIdentity };

// The state of a changed credential, before it replaces the one in use.
enum class CandidateState {
  kProving,   // waits for the lane's next request, or is used by it, or its token is being fetched
  kRejected,  // rejected; retried slowly, or immediately if the Secret changes
  kLast = kRejected
};

// What the agent finds in a credential file.
enum class CredentialState {
  kLoaded,
  kMissing,   // the file does not exist: no Secret, no such key, or not mounted yet
  kUnusable,  // empty, or cannot be a credential
  kLast = kUnusable
};

// The state of the newest configuration that the agent has seen.
enum class ConfigurationState {
  kInForce,
  kRefused,       // it has faults
  kNeedsRestart,  // a running agent cannot reload it
  kLast = kNeedsRestart
};

// One table for each enum, in its order.
template <typename E>
inline constexpr std::array<std::string_view, 0> kWords{};
template <>
inline constexpr std::array<std::string_view, 2> kWords<Destination>{"arize", "databricks"};
template <>
inline constexpr std::array<std::string_view, 4> kWords<LaneState>{"Idle", "Delivering", "Retrying",
                                                                   "Paused"};
template <>
inline constexpr std::array<std::string_view, 10> kWords<PauseReason>{
    "AuthRejected",      "CredentialMissing", "PermissionDenied", "TableMissing",
    "TableUnsupported",  "SchemaMismatch",    "Misconfigured",    "NotEnabled",
    "EverythingRefused", "ForeignAnswer"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<ConfigurationState>{"InForce", "Refused",
                                                                            "NeedsRestart"};

template <>
inline constexpr std::array<std::string_view, 3> kWords<LossWord>{"dead_lettered", "rejected",
                                                                  "expired"};
template <>
inline constexpr std::array<std::string_view, 7> kWords<LossReason>{
    "MissingProject", "InvalidData", "TooLarge", "Rejected", "Backlog", "Age", "JournalDamage"};
template <>
inline constexpr std::array<std::string_view, 9> kWords<CredentialPart>{
    "apiKey",         "spaceID", "token",         "clientID",     "clientSecret",
    "projectedToken", "ca",      "proxyUsername", "proxyPassword"};
template <>
inline constexpr std::array<std::string_view, 4> kWords<CredentialKind>{"apiKey", "token", "oauth",
                                                                        "workloadIdentity"};
template <>
inline constexpr std::array<std::string_view, 2> kWords<CandidateState>{"Proving", "Rejected"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<CredentialState>{"Loaded", "Missing",
                                                                         "Unusable"};

template <typename E>
concept Worded = kWords<E>
.size() > 0 && kWords<E>.size() == static_cast<size_t>(E::kLast) + 1;

template <Worded E>
[[nodiscard]] constexpr std::string_view to_string(E value) {
  return kWords<E>.at(static_cast<size_t>(value));
}

template <Worded E>
[[nodiscard]] constexpr std::optional<E> parse_word(std::string_view text) {
  for (size_t i = 0; i < kWords<E>.size(); ++i) {
    if (kWords<E>[i] == text) return static_cast<E>(i);
  }
  return std::nullopt;
}

// A word of E, or one that a newer agent reports.
template <Worded E>
class Word {
 public:
  Word() = default;  // empty: not reported
  // Implicit conversions are intended: a word is used as the enum or as its text.
  Word(E value) : text_(to_string(value)) {}          // NOLINT(google-explicit-constructor)
  Word(std::string text) : text_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  Word(const char* text) : text_(text) {}             // NOLINT(google-explicit-constructor)

  [[nodiscard]] std::optional<E> known() const { return parse_word<E>(text_); }
  [[nodiscard]] const std::string& text() const { return text_; }
  bool operator==(const Word&) const = default;

 private:
  std::string text_;
};

}  // namespace dualtrace::report

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reasons: every condition that an export can have, with its status and reason, in one table.
// Conditions are made only from its entries. docs/operator.md lists the same entries with their
// meaning and what to do (tested). Programs read reasons, so they are never renamed. All conditions
// are positive: True is the desired status, except for Progressing, where it means that something
// is being rolled out.
// Pure.

#include <string_view>
#include <vector>

#include "common/report/words.h"

namespace dualtrace::ctl {

enum class ConditionStatus { kTrue, kFalse, kUnknown };
[[nodiscard]] std::string_view to_string(ConditionStatus status);

inline constexpr std::string_view kReadyType = "Ready";
inline constexpr std::string_view kConfigType = "ConfigValid";
inline constexpr std::string_view kCredentialsType = "CredentialsSynced";
inline constexpr std::string_view kAgentsType = "AgentsAvailable";
inline constexpr std::string_view kProgressType = "Progressing";
inline constexpr std::string_view kDeliveryType = "Delivering";  // ArizeDelivering, …
inline constexpr std::string_view kArizeDeliveryType = "ArizeDelivering";
inline constexpr std::string_view kDatabricksDeliveryType = "DatabricksDelivering";
[[nodiscard]] std::string_view delivery_type(report::Destination destination);

struct Reason {
  std::string_view type;
  ConditionStatus status = ConditionStatus::kUnknown;
  std::string_view name;
  bool operator==(const Reason&) const = default;
};

namespace reason {

using enum ConditionStatus;

// Any other reason of Ready is that of the condition it comes from.
inline constexpr Reason kReady{kReadyType, kTrue, "Ready"};

inline constexpr Reason kValid{kConfigType, kTrue, "Valid"};
inline constexpr Reason kConsentAssumed{kConfigType, kTrue, "ConsentAssumed"};
inline constexpr Reason kInvalid{kConfigType, kFalse, "Invalid"};
inline constexpr Reason kNotPermitted{kConfigType, kFalse, "NotPermitted"};
inline constexpr Reason kRefusedByAgents{kConfigType, kFalse, "RefusedByAgents"};

inline constexpr Reason kSynced{kCredentialsType, kTrue, "Synced"};
// A credential or a certificate expires within kExpiryNotice, or one of several certificates has.
inline constexpr Reason kCredentialExpiring{kCredentialsType, kTrue, "CredentialExpiring"};
// The credential in use, or every certificate of an authority, has expired: nothing can be sent.
inline constexpr Reason kCredentialExpired{kCredentialsType, kFalse, "CredentialExpired"};
inline constexpr Reason kSecretMissing{kCredentialsType, kFalse, "SecretMissing"};
inline constexpr Reason kKeyMissing{kCredentialsType, kFalse, "KeyMissing"};
inline constexpr Reason kValueEmpty{kCredentialsType, kFalse, "ValueEmpty"};
inline constexpr Reason kSpaceIdMalformed{kCredentialsType, kFalse, "SpaceIDMalformed"};
inline constexpr Reason kValueUnusable{kCredentialsType, kFalse, "ValueUnusable"};
inline constexpr Reason kNotMounted{kCredentialsType, kFalse, "NotMounted"};
inline constexpr Reason kSecretNotTaken{kCredentialsType, kFalse, "SecretNotTaken"};
inline constexpr Reason kCredentialRejected{kCredentialsType, kFalse, "CredentialRejected"};
inline constexpr Reason kRotationInProgress{kCredentialsType, kFalse, "RotationInProgress"};
inline constexpr Reason kSecretUnreadable{kCredentialsType, kUnknown, "SecretUnreadable"};
inline constexpr Reason kCredentialsUnlooked{kCredentialsType, kUnknown, "ConfigInvalid"};

inline constexpr Reason kAvailable{kAgentsType, kTrue, "Available"};
// No node is eligible now; one was before, with the same spec.
inline constexpr Reason kScaledToZero{kAgentsType, kTrue, "ScaledToZero"};
// Injected pods on nodes without an agent reach agents on other nodes.
inline constexpr Reason kServedByOtherNodes{kAgentsType, kTrue, "ServedByOtherNodes"};
inline constexpr Reason kPodsUnavailable{kAgentsType, kFalse, "PodsUnavailable"};
inline constexpr Reason kCannotStore{kAgentsType, kFalse, "CannotStore"};
inline constexpr Reason kPodsUnserved{kAgentsType, kFalse, "PodsUnserved"};
inline constexpr Reason kPodsShutOut{kAgentsType, kFalse, "PodsShutOut"};
inline constexpr Reason kNoNodes{kAgentsType, kFalse, "NoNodes"};
inline constexpr Reason kAgentsSilent{kAgentsType, kUnknown, "AgentsSilent"};
inline constexpr Reason kPending{kAgentsType, kUnknown, "Pending"};

inline constexpr Reason kApplying{kProgressType, kTrue, "Applying"};
inline constexpr Reason kRollingOut{kProgressType, kTrue, "RollingOut"};
inline constexpr Reason kReloading{kProgressType, kTrue, "ReloadingConfiguration"};
inline constexpr Reason kStalled{kProgressType, kFalse, "Stalled"};
// The only nodes without the newest agent are those that cannot run it.
inline constexpr Reason kNodesFailing{kProgressType, kFalse, "NodesFailing"};
inline constexpr Reason kStable{kProgressType, kFalse, "Stable"};
inline constexpr Reason kApplyFailed{kProgressType, kFalse, "ApplyFailed"};
inline constexpr Reason kNothingApplied{kProgressType, kFalse, "ConfigInvalid"};

inline constexpr Reason kDelivering{kDeliveryType, kTrue, "Delivering"};
inline constexpr Reason kIdle{kDeliveryType, kTrue, "Idle"};
inline constexpr Reason kPartlyRetrying{kDeliveryType, kTrue, "PartlyRetrying"};
inline constexpr Reason kRetrying{kDeliveryType, kFalse, "Retrying"};
// Other nodes deliver, but spans of some have waited for longer than kNodePatience.
inline constexpr Reason kNodesNotDelivering{kDeliveryType, kFalse, "NodesNotDelivering"};
// Spans ended anywhere but at the destination within the last report::kLossWindow.
inline constexpr Reason kSpansDeadLettered{kDeliveryType, kFalse, "SpansDeadLettered"};
inline constexpr Reason kSpansRejected{kDeliveryType, kFalse, "SpansRejected"};
inline constexpr Reason kSpansExpired{kDeliveryType, kFalse, "SpansExpired"};
// An agent that pauses reports why: that is the reason.
constexpr Reason paused_for(report::PauseReason why) {
  return {kDeliveryType, kFalse, to_string(why)};
}
inline constexpr Reason kPaused{kDeliveryType, kFalse, "Paused"};  // for any other pause
inline constexpr Reason kNoReports{kDeliveryType, kUnknown, "NoReports"};

}  // namespace reason

[[nodiscard]] std::vector<Reason> all_reasons();

}  // namespace dualtrace::ctl

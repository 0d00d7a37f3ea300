// SPDX-License-Identifier: Apache-2.0
#include "operator/status/reasons.h"

#include <array>

namespace dualtrace::ctl {
namespace {

using namespace reason;

constexpr std::array kReasons = {kReady,
                                 kValid,
                                 kConsentAssumed,
                                 kInvalid,
                                 kNotPermitted,
                                 kRefusedByAgents,
                                 kSynced,
                                 kCredentialExpiring,
                                 kCredentialExpired,
                                 kSecretMissing,
                                 kKeyMissing,
                                 kValueEmpty,
                                 kSpaceIdMalformed,
                                 kValueUnusable,
                                 kNotMounted,
                                 kSecretNotTaken,
                                 kCredentialRejected,
                                 kRotationInProgress,
                                 kSecretUnreadable,
                                 kCredentialsUnlooked,
                                 kAvailable,
                                 kScaledToZero,
                                 kServedByOtherNodes,
                                 kPodsUnavailable,
                                 kCannotStore,
                                 kPodsUnserved,
                                 kPodsShutOut,
                                 kNoNodes,
                                 kAgentsSilent,
                                 kPending,
                                 kApplying,
                                 kRollingOut,
                                 kReloading,
                                 kStalled,
                                 kNodesFailing,
                                 kStable,
                                 kApplyFailed,
                                 kNothingApplied,
                                 kDelivering,
                                 kIdle,
                                 kPartlyRetrying,
                                 kRetrying,
                                 kNodesNotDelivering,
                                 kSpansDeadLettered,
                                 kSpansRejected,
                                 kSpansExpired,
                                 kPaused,
                                 kNoReports};

}  // namespace

std::string_view to_string(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::kTrue:
      return "True";
    case ConditionStatus::kFalse:
      return "False";
    case ConditionStatus::kUnknown:
      return "Unknown";
  }
  return "Unknown";
}

std::string_view delivery_type(report::Destination destination) {
  switch (destination) {
    case report::Destination::kArize:
      return kArizeDeliveryType;
    case report::Destination::kDatabricks:
      return kDatabricksDeliveryType;
  }
  return kDeliveryType;
}

std::vector<Reason> all_reasons() {
  std::vector<Reason> all(kReasons.begin(), kReasons.end());
  for (const std::string_view why : report::kWords<report::PauseReason>) {
    all.push_back(paused_for(*report::parse_word<report::PauseReason>(why)));
  }
  return all;
}

}  // namespace dualtrace::ctl

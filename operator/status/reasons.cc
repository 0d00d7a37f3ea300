#include "operator/status/reasons.h"

#include <array>

namespace dualtrace::ctl {
namespace {

using namespace reason;

constexpr std::array kReasons = {kReady,
                                 kValid,
                                 kConsentAssumed,
                                 kInvalid,
                                 kRefusedByAgents,
                                 kSynced,
                                 kSecretMissing,
                                 kKeyMissing,
                                 kValueEmpty,
                                 kSpaceIdMalformed,
                                 kRotationInProgress,
                                 kSecretUnreadable,
                                 kCredentialsUnlooked,
                                 kAvailable,
                                 kPodsUnavailable,
                                 kPodsShutOut,
                                 kNoNodes,
                                 kPending,
                                 kApplying,
                                 kRollingOut,
                                 kReloading,
                                 kStalled,
                                 kStable,
                                 kApplyFailed,
                                 kNothingApplied,
                                 kDelivering,
                                 kIdle,
                                 kPartlyRetrying,
                                 kRetrying,
                                 kAuthRejected,
                                 kCredentialMissing,
                                 kPermissionDenied,
                                 kTableMissing,
                                 kTableUnsupported,
                                 kSchemaMismatch,
                                 kMisconfigured,
                                 kNotEnabled,
                                 kEverythingRefused,
                                 kForeignAnswer,
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

std::span<const Reason> all_reasons() { return kReasons; }

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "agent/send/classify.h"

#include "agent/send/outcomes.h"

namespace dualtrace::agent {

Outcome classify_transport(const Error& error) {
  std::string message = clean_text(error.message);
  switch (error.kind) {
    case ErrorKind::kCancelled: {
      Outcome outcome = retry("Timeout", std::move(message));
      outcome.timed_out = true;
      return outcome;
    }
    case ErrorKind::kInvalid:
    case ErrorKind::kDenied:
      return pause(PauseReason::kMisconfigured, std::move(message));
    case ErrorKind::kExhausted:
      return answer_too_large(std::move(message));
    default:
      return retry("Unreachable", std::move(message), error.retry_after);
  }
}

Outcome classify_no_key(const Error& error) {
  std::string message = clean_text(error.message);
  switch (error.kind) {
    case ErrorKind::kNotFound:
      return pause(PauseReason::kCredentialMissing, std::move(message));
    case ErrorKind::kDenied:
      return pause(PauseReason::kAuthRejected, std::move(message));
    case ErrorKind::kInvalid:
      return pause(PauseReason::kMisconfigured, std::move(message));
    default:
      return retry("TokenUnavailable", std::move(message), error.retry_after);
  }
}

Outcome classify_misconfigured(const Error& error) {
  return pause(PauseReason::kMisconfigured, clean_text(error.message));
}

bool refuses_credential(const Outcome& result) {
  const auto why = report::parse_word<PauseReason>(result.reason);
  if (result.kind != OutcomeKind::kPause || !why) return false;
  switch (*why) {
    case PauseReason::kAuthRejected:
    case PauseReason::kPermissionDenied:
      return true;
    case PauseReason::kCredentialMissing:  // nothing was sent
    case PauseReason::kTableMissing:
    case PauseReason::kTableUnsupported:
    case PauseReason::kSchemaMismatch:
    case PauseReason::kMisconfigured:
    case PauseReason::kNotEnabled:
    case PauseReason::kEverythingRefused:
    case PauseReason::kForeignAnswer:
      break;
  }
  return false;
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/send/key_verdict.h"

#include "agent/send/classify.h"

namespace dualtrace::agent {

KeyVerdict verdict_of(const Outcome& outcome) {
  if (outcome.kind == OutcomeKind::kDelivered || outcome.kind == OutcomeKind::kPartly) {
    return {.kind = KeyVerdict::Kind::kTaken};
  }
  if (!refuses_credential(outcome)) return {};
  return {.kind = KeyVerdict::Kind::kRefused, .reason = outcome.reason, .message = outcome.message};
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/send/key_verdict.h"

#include "agent/credential/token_answer.h"
#include "agent/send/classify.h"

namespace dualtrace::agent {

KeyVerdict verdict_of(const Outcome& outcome) {
  if (outcome.kind == OutcomeKind::kDelivered || outcome.kind == OutcomeKind::kPartly) {
    return {.kind = KeyVerdict::Kind::kTaken};
  }
  if (!refuses_credential(outcome)) return {};
  return {.kind = KeyVerdict::Kind::kRefused, .reason = outcome.reason, .message = outcome.message};
}

void hide_key(const Key& key, std::string& text) {
  text = without_secrets(std::move(text), key.values);
}

void hide_key(const Key& key, HttpResponse& response) {
  constexpr int kSuccess = 2;
  if (response.status / 100 != kSuccess) hide_key(key, response.body);
}

}  // namespace dualtrace::agent

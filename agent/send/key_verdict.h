// SPDX-License-Identifier: Apache-2.0
#pragma once
// Between an exporter and its keyring: what an outcome says of the key, and how the key is kept out
// of what is said of the outcome. Private to agent_send.
// Pure. Thread-safe.

#include <string>

#include "agent/credential/keyring.h"
#include "agent/send/exporter.h"
#include "common/net/http_response.h"

namespace dualtrace::agent {

// How often a request goes out again because its key alone was refused: once after a candidate, and
// once more should what is in use have changed meanwhile.
inline constexpr int kResendsMax = 2;

[[nodiscard]] KeyVerdict verdict_of(const Outcome& outcome);

// A refusal may repeat what it refuses.
void hide_key(const Key& key, std::string& text);
void hide_key(const Key& key, HttpResponse& response);

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Between an exporter and its keyring: what an outcome means for the key. Private to agent_send.
// Pure. Thread-safe.

#include "agent/credential/keyring.h"
#include "agent/send/exporter.h"

namespace dualtrace::agent {

// How often a request is resent because only its key was refused: once after a candidate, and once
// more if the credential in use has changed in the meantime.
inline constexpr int kResendsMax = 2;

[[nodiscard]] KeyVerdict verdict_of(const Outcome& outcome);

}  // namespace dualtrace::agent

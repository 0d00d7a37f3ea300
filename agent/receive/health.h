// SPDX-License-Identifier: Apache-2.0
#pragma once
// grpc.health.v1.Health/Check: SERVING for the server ("") and the trace service, NOT_FOUND for
// every other name. A receiver that drains accepts no new call, so it never answers NOT_SERVING.
// Pure. Thread-safe.

#include <string_view>

#include "agent/receive/reply.h"

namespace dualtrace::agent {

// `message` is a serialized HealthCheckRequest.
[[nodiscard]] Reply health_reply(std::string_view message);

}  // namespace dualtrace::agent

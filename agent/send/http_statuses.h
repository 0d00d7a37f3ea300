// SPDX-License-Identifier: Apache-2.0
#pragma once
// The meaning of an HTTP status by itself, whoever sent it: the part of the table that the HTTP
// destinations share. Private to agent_send.
// Pure. Thread-safe.

#include <optional>
#include <string>

#include "agent/send/answer.h"
#include "agent/send/exporter.h"

namespace dualtrace::agent {

// An HTTP answer that is not 2xx, read once.
struct HttpRefusal {
  int status = 0;
  ServerError error{};    // as in the body
  std::string message{};  // "HTTP 400: …", sanitized, for people
  std::optional<Duration> retry_after{};
};
[[nodiscard]] HttpRefusal read_refusal(const HttpResponse& response, WallTime now);

// 2xx: the same for every destination, as defined by OTLP.
[[nodiscard]] Outcome classify_success(const HttpResponse& response, uint64_t spans);
// None for 400, 404, 422 and any 5xx without a specific meaning: for those, the body decides, in
// the form of each destination.
[[nodiscard]] std::optional<Outcome> classify_status(const HttpRefusal& refusal);

}  // namespace dualtrace::agent

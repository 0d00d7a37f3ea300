// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an HTTP status says by itself, whoever answers: the part of the table that HTTP's
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
  std::string message{};  // "HTTP 400: …": clean, for people
  std::optional<Duration> retry_after{};
};
[[nodiscard]] HttpRefusal read_refusal(const HttpResponse& response, WallTime now);

// 2xx: the same for each destination, as it is OTLP's own.
[[nodiscard]] Outcome classify_success(const HttpResponse& response, uint64_t spans);
// None for 400, 404, 422 and what is 5xx without a meaning of its own: there the body decides, and
// each destination has its own.
[[nodiscard]] std::optional<Outcome> classify_status(const HttpRefusal& refusal);

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// classify: maps a destination's answer to the lane's next action, with one function for each
// destination and protocol. The rule (docs/decisions/0024): an answer refuses spans for good only
// if it is about data and in the destination's own form. An answer about credentials, the table or
// the configuration pauses the lane. Temporary failures are retried. An answer from anyone else,
// with any status, says nothing about the data and counts as no delivery.
// Pure. Thread-safe.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/send/exporter.h"
#include "common/error/error.h"
#include "common/net/http_response.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// A finished gRPC call.
struct GrpcAnswer {
  int code = 0;           // as on the wire: 0 is OK
  std::string message{};  // grpc-message, decoded
  std::string details{};  // grpc-status-details-bin: a serialized google.rpc.Status
  std::string body{};     // a serialized ExportTraceServiceResponse
  bool ours = false;      // our own gRPC made the status: the answer exceeded our size limit
  bool unsent = false;    // there was no connection at the deadline
  std::vector<std::string> secrets{};  // what the call carried and no message may repeat
};

// `spans` is how many were sent; no answer can reject more. `now` is used for a Retry-After that is
// a date.
[[nodiscard]] Outcome classify_arize_grpc(const GrpcAnswer& answer, uint64_t spans);
[[nodiscard]] Outcome classify_arize_http(const HttpResponse& response, uint64_t spans,
                                          WallTime now);
[[nodiscard]] Outcome classify_databricks_http(const HttpResponse& response, uint64_t spans,
                                               WallTime now);
// For a request without an answer: HttpSender's error.
[[nodiscard]] Outcome classify_transport(const Error& error);
// For a request that was not sent because there is no key: the error of Keyring::take().
[[nodiscard]] Outcome classify_no_key(const Error& error);
// For a request that was not sent because a file of the configuration (a CA) is missing or invalid.
[[nodiscard]] Outcome classify_misconfigured(const Error& error);

// Whether the destination refused our identity, so that the credential should be read again.
[[nodiscard]] bool refuses_credential(const Outcome& outcome);

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// classify: from what a destination answered to what the lane does about it; one function for each
// destination and protocol. The rule (docs/decisions/0024): spans are refused for good only by an
// answer that is about data and in the destination's own form. An answer about credentials, the
// table or the configuration pauses the lane; what may pass later is retried; everybody else's
// words, whatever status they come with, say nothing about data and deliver nothing.
// Pure. Thread-safe.

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/send/exporter.h"
#include "common/error/error.h"
#include "common/net/http_response.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// A finished gRPC call.
struct GrpcAnswer {
  int code = 0;           // as on the wire: 0 is OK
  std::string message{};  // grpc-message, decoded
  std::string details{};  // grpc-status-details-bin: a serialised google.rpc.Status
  std::string body{};     // a serialised ExportTraceServiceResponse
  bool ours = false;      // gRPC here made the status: our own limit of an answer's size was passed
  bool unsent = false;    // there was no connection when the time was up
};

// `spans` is how many were sent: no answer rejects more. `now` is for a Retry-After that is a date.
[[nodiscard]] Outcome classify_arize_grpc(const GrpcAnswer& answer, uint64_t spans);
[[nodiscard]] Outcome classify_arize_http(const HttpResponse& response, uint64_t spans,
                                          WallTime now);
[[nodiscard]] Outcome classify_databricks_http(const HttpResponse& response, uint64_t spans,
                                               WallTime now);
// There was no answer at all: HttpSender's error.
[[nodiscard]] Outcome classify_transport(const Error& error);
// Nothing was sent, for want of a key: Keyring::take()'s error.
[[nodiscard]] Outcome classify_no_key(const Error& error);
// Nothing was sent, as a file of the configuration (a CA) is not there or not what it should be.
[[nodiscard]] Outcome classify_misconfigured(const Error& error);

// The destination refused who we are: the credential should be read anew.
[[nodiscard]] bool refuses_credential(const Outcome& outcome);

}  // namespace dualtrace::agent

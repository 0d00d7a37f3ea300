// SPDX-License-Identifier: Apache-2.0
#pragma once
// Answer: a destination's response to one request, for both transports, so that rules and faults
// need not know which one it came over. Responder: sends the response.
// Answer is immutable once created; a Responder is used once, from any thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/net/http_client.h"
#include "tests/sandbox/destination.h"

namespace dualtrace::sandbox {

// gRPC's codes by their numbers on the wire (grpc/status.h is too heavy for a header).
enum GrpcCode : int {
  kGrpcOk = 0,
  kGrpcInvalidArgument = 3,
  kGrpcNotFound = 5,
  kGrpcPermissionDenied = 7,
  kGrpcResourceExhausted = 8,
  kGrpcUnimplemented = 12,
  kGrpcInternal = 13,
  kGrpcUnavailable = 14,
  kGrpcUnauthenticated = 16,
};

[[nodiscard]] int grpc_code_of_http(int http_status);
[[nodiscard]] int http_status_of_grpc(int grpc_code);

struct Answer {
  std::string reason{};  // the name of the counter in /stats; empty: accepted
  int http_status = 200;
  int grpc_code = kGrpcOk;
  std::string message{};

  uint64_t rejected_spans = 0;  // partial success; `message` contains the reason

  std::optional<std::string> retry_after{};    // the HTTP header, as sent
  std::optional<double> retry_info_seconds{};  // gRPC google.rpc.RetryInfo
  std::optional<std::string> body{};           // HTTP: replaces the destination's own format
  std::optional<std::string> content_type{};   // of that body
  std::optional<std::string> location{};       // HTTP header, for a redirect
  uint64_t body_bytes = 0;                     // HTTP: the body is padded to this size

  [[nodiscard]] bool accepted() const { return reason.empty(); }
};

[[nodiscard]] Answer refusal(std::string reason, int http_status, int grpc_code,
                             std::string message);

// If it is destroyed without an answer, it closes the client's connection.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void answer(const Answer& answer) = 0;
};

enum class Protocol { kGrpc, kHttp };

// One request as it arrived.
struct Arrival {
  Destination destination = Destination::kArize;
  Protocol protocol = Protocol::kHttp;
  HttpHeaders headers{};  // names in lower case
  std::string body{};     // HTTP: still with its content encoding

  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// The result of checking a request's headers.
struct HeaderVerdict {
  std::optional<Answer> refusal{};
  bool swallow = false;      // answer OK and store nothing
  std::string table_name{};  // Databricks and Zerobus
};

// The answer with "{request}" in its message and body replaced with what the client sent: its
// headers, and then `form`. A server or proxy that shows the request answers like that.
[[nodiscard]] Answer repeating(Answer answer, const HttpHeaders& headers,
                               std::string_view form = {});

// The token of "Authorization: Bearer …"; empty if there is none.
[[nodiscard]] std::optional<std::string> bearer_token(std::string_view authorization);

}  // namespace dualtrace::sandbox

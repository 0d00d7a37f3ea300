// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reply: the answer to a client, and the only table from Error::kind to gRPC code, HTTP status and
// delay hint. The HTTP versions differ only in how a session encodes a Reply.
// Pure. Thread-safe.

#include <string>
#include <vector>

#include "agent/intake/intake.h"
#include "agent/receive/rpc_status.h"
#include "common/error/error.h"

namespace dualtrace::agent {

enum class RequestProtocol { kGrpc, kHttp };

struct HeaderField {
  std::string name;  // lower-case
  std::string value;
  bool operator==(const HeaderField&) const = default;
};

struct Reply {
  RequestProtocol protocol = RequestProtocol::kHttp;
  int code = 200;  // for the metrics: the gRPC code or the HTTP status
  int http_status = 200;
  std::vector<HeaderField> headers;
  std::string body;
  std::vector<HeaderField> trailers;  // gRPC only
  bool urgent = false;                // sent before the rest of the request has arrived

  // The value of a header or trailer; empty if there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;
};

// One message in its frame, then status 0. An empty message is an empty Export response.
[[nodiscard]] Reply grpc_ok(std::string_view message);
// A trailers-only answer.
[[nodiscard]] Reply grpc_error(const RpcStatus& status);
[[nodiscard]] Reply grpc_error(const Error& error);

// An empty ExportTraceServiceResponse; partial_success stays unset, as the specification requires.
[[nodiscard]] Reply http_ok(BodyFormat format);
[[nodiscard]] Reply http_error(const Error& error, BodyFormat format);
// For refusals by HTTP itself (404, 405, 408, 411, 415, 417, 431 …), and their equivalents in gRPC.
[[nodiscard]] Reply http_error(int http_status, std::string message, BodyFormat format);
[[nodiscard]] RpcStatus rpc_status_of_http(int http_status, std::string message);

}  // namespace dualtrace::agent

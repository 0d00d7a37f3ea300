// SPDX-License-Identifier: Apache-2.0
#pragma once
// google.rpc.Status, the body of every refusal, in the three formats that clients read: protobuf,
// JSON and gRPC header values. Written by hand: three flat messages of fixed fields are less code
// than their generated classes. Used by reply.cc alone. Messages are reduced to printable ASCII of
// bounded length, so that a client's input cannot break a header or a UTF-8 field. Pure.
// Thread-safe.

#include <optional>
#include <string>
#include <string_view>

#include "common/time/clock.h"

namespace dualtrace::agent {

// The codes this receiver answers with (google.rpc.Code).
enum class GrpcCode : int {
  kOk = 0,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kResourceExhausted = 8,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
};

struct RpcStatus {
  GrpcCode code = GrpcCode::kOk;
  std::string message;
  std::optional<Duration> retry_delay{};  // becomes a google.rpc.RetryInfo
};

[[nodiscard]] std::string to_protobuf(const RpcStatus& status);
[[nodiscard]] std::string to_json(const RpcStatus& status);
// For grpc-message: everything outside printable ASCII, and '%', as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view message);
// For grpc-status-details-bin: base64 without padding.
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace dualtrace::agent

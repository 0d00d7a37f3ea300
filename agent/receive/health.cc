// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/health.h"

namespace dualtrace::agent {
namespace {

constexpr std::string_view kServing("\x08\x01", 2);  // HealthCheckResponse{status: SERVING}

// HealthCheckRequest{string service = 1}. Its only field is always encoded the same way; anything
// else is not a health check.
Result<std::string_view> service_name(std::string_view message) {
  if (message.empty()) return message;
  const auto byte = [&](size_t i) -> size_t {
    return i < message.size() ? static_cast<unsigned char>(message[i]) : 0;
  };
  const bool two_bytes = byte(1) >= 0x80;  // of length; the receiver's limit rules out a third
  const size_t start = two_bytes ? 3 : 2;
  const size_t size = two_bytes ? (byte(1) & 0x7f) | byte(2) << 7 : byte(1);
  if (byte(0) != 0x0a || message.size() != start + size) {
    return fail(ErrorKind::kInvalid, "not a HealthCheckRequest");
  }
  return message.substr(start);
}

}  // namespace

Reply health_reply(std::string_view message) {
  const Result<std::string_view> service = service_name(message);
  if (!service) return grpc_error(service.error());
  if (service->empty() || *service == "opentelemetry.proto.collector.trace.v1.TraceService") {
    return grpc_ok(kServing);
  }
  return grpc_error(RpcStatus{GrpcCode::kNotFound, "unknown service"});
}

}  // namespace dualtrace::agent

#include "agent/receive/health.h"

namespace dualtrace::agent {
namespace {

constexpr std::string_view kServing("\x08\x01", 2);  // HealthCheckResponse{status: SERVING}

// HealthCheckRequest{string service = 1}. Its only field is always written the same way; what looks
// otherwise is no health check.
Result<std::string_view> service_name(std::string_view message) {
  if (message.empty()) return message;
  if (message.size() < 2 || message[0] != 0x0a) {
    return fail(ErrorKind::kInvalid, "not a HealthCheckRequest");
  }
  size_t size = static_cast<unsigned char>(message[1]) & 0x7f;
  size_t start = 2;
  if ((message[1] & 0x80) != 0 && message.size() > 2) {  // the receiver's limit needs two bytes
    size |= static_cast<size_t>(static_cast<unsigned char>(message[2])) << 7;
    start = 3;
  }
  if (size != message.size() - start) {
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

// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/receiver_metrics.h"

namespace dualtrace::agent {
namespace {

constexpr char kRequests[] = "dualtrace_receiver_requests_total";
constexpr char kRequestsHelp[] = "Requests answered, by protocol and gRPC code or HTTP status.";

// In the order of GivenUp.
constexpr const char* kGivenUpReasons[] = {"flood",  "protocol",  "slow",
                                           "unread", "handshake", "displaced"};

Counter& requests(MetricRegistry& registry, const char* protocol, const std::string& code) {
  return registry.counter(kRequests, kRequestsHelp, {{"protocol", protocol}, {"code", code}});
}

}  // namespace

ReceiverMetrics::ReceiverMetrics(MetricRegistry& registry)
    : bytes_(registry.counter("dualtrace_receiver_bytes_total",
                              "Bytes of request bodies handed to the intake, as received.")),
      connections_refused_(registry.counter(
          "dualtrace_receiver_connections_refused_total",
          "Connections closed immediately: too many were open, and the client had its "
          "share.")),
      seconds_(registry.histogram("dualtrace_receiver_request_duration_seconds",
                                  "From the end of a request's headers to its answer.",
                                  {.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5})) {
  for (const GrpcCode code :
       {GrpcCode::kOk, GrpcCode::kInvalidArgument, GrpcCode::kDeadlineExceeded, GrpcCode::kNotFound,
        GrpcCode::kResourceExhausted, GrpcCode::kUnimplemented, GrpcCode::kInternal,
        GrpcCode::kUnavailable}) {
    const int number = static_cast<int>(code);
    grpc_[number] = &requests(registry, "grpc", std::to_string(number));
  }
  for (const int status : {200, 400, 404, 405, 408, 413, 415, 429, 431, 500, 503}) {
    http_.push_back({status, &requests(registry, "http", std::to_string(status))});
  }
  http_.push_back({0, &requests(registry, "http", "other")});
  for (size_t reason = 0; reason < given_up_.size(); ++reason) {
    given_up_[reason] = &registry.counter("dualtrace_receiver_connections_given_up_total",
                                          "Connections ended without an answer with the reason.",
                                          {{"reason", kGivenUpReasons[reason]}});
  }
  registry.observe(MetricRegistry::ValueType::kGauge, "dualtrace_receiver_connections",
                   "Connections open now.", {},
                   [connections = connections_] { return static_cast<double>(*connections); });
}

void ReceiverMetrics::replied(const Reply& reply, Duration took) {
  seconds_.observe(std::chrono::duration<double>(took).count());
  if (reply.protocol == RequestProtocol::kGrpc) return grpc_.at(reply.code)->increment();
  for (const HttpCode& code : http_) {
    if (code.status == reply.code || code.status == 0) return code.counter->increment();
  }
}

}  // namespace dualtrace::agent

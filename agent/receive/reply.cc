// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/reply.h"

#include <algorithm>

namespace dualtrace::agent {
namespace {

using std::chrono::seconds;

enum class DelayHint { kNever, kIfGiven, kAlways };

struct Row {
  GrpcCode grpc;
  int http;
  DelayHint hint;
};

Row row_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return {GrpcCode::kInvalidArgument, 400, DelayHint::kNever};
    case ErrorKind::kNotFound:
      return {GrpcCode::kUnimplemented, 404, DelayHint::kNever};
    case ErrorKind::kExhausted:  // without RetryInfo: a client must not resend it
      return {GrpcCode::kResourceExhausted, 413, DelayHint::kNever};
    case ErrorKind::kThrottled:
      return {GrpcCode::kResourceExhausted, 429, DelayHint::kAlways};
    case ErrorKind::kUnavailable:
      return {GrpcCode::kUnavailable, 503, DelayHint::kAlways};
    case ErrorKind::kCancelled:
      return {GrpcCode::kUnavailable, 503, DelayHint::kIfGiven};
    case ErrorKind::kConflict:
    case ErrorKind::kDenied:
    case ErrorKind::kExpired:
    case ErrorKind::kCorrupt:
    case ErrorKind::kInternal:
      break;
  }
  return {GrpcCode::kInternal, 500, DelayHint::kNever};
}

// A request that is refused for lack of memory is refused before it uses any.
bool is_urgent(ErrorKind kind) {
  return kind == ErrorKind::kThrottled || kind == ErrorKind::kUnavailable;
}

constexpr Duration kDefaultDelay = seconds(1);

std::optional<Duration> delay_of(const Error& error, DelayHint hint) {
  if (hint == DelayHint::kNever) return std::nullopt;
  if (error.retry_after) return std::max(*error.retry_after, Duration(0));
  return hint == DelayHint::kAlways ? std::optional(kDefaultDelay) : std::nullopt;
}

GrpcCode code_of_http(int http_status) {
  switch (http_status) {
    case 404:
    case 405:
    case 501:
    case 505:
      return GrpcCode::kUnimplemented;
    case 408:
      return GrpcCode::kDeadlineExceeded;
    case 431:
      return GrpcCode::kResourceExhausted;
    default:
      return GrpcCode::kInvalidArgument;
  }
}

std::string content_type(BodyFormat format) {
  return format == BodyFormat::kProtobuf ? "application/x-protobuf" : "application/json";
}

Reply http_reply(int http_status, const RpcStatus& status, BodyFormat format) {
  Reply reply;
  reply.code = reply.http_status = http_status;
  reply.headers = {{"content-type", content_type(format)}};
  if (status.retry_delay) {  // whole seconds, rounded up, so that no client retries early
    const auto delay = std::max(std::chrono::ceil<seconds>(*status.retry_delay), seconds(1));
    reply.headers.push_back({"retry-after", std::to_string(delay.count())});
  }
  reply.body = format == BodyFormat::kProtobuf ? to_protobuf(status) : to_json(status);
  return reply;
}

}  // namespace

std::string_view Reply::field(std::string_view name) const {
  for (const auto* list : {&headers, &trailers}) {
    for (const HeaderField& header : *list) {
      if (header.name == name) return header.value;
    }
  }
  return {};
}

Reply grpc_ok(std::string_view message) {
  Reply reply;
  reply.protocol = RequestProtocol::kGrpc;
  reply.code = 0;
  reply.headers = {{"content-type", "application/grpc"}};
  reply.body.push_back(0);  // not compressed
  for (int shift = 24; shift >= 0; shift -= 8) {
    reply.body.push_back(static_cast<char>(message.size() >> shift));
  }
  reply.body.append(message);
  reply.trailers = {{"grpc-status", "0"}};
  return reply;
}

Reply grpc_error(const RpcStatus& status) {
  Reply reply;
  reply.protocol = RequestProtocol::kGrpc;
  reply.code = static_cast<int>(status.code);
  reply.headers = {{"content-type", "application/grpc"},
                   {"grpc-status", std::to_string(reply.code)},
                   {"grpc-message", percent_encoded(status.message)}};
  if (status.retry_delay) {
    reply.headers.push_back({"grpc-status-details-bin", base64(to_protobuf(status))});
  }
  return reply;
}

Reply grpc_error(const Error& error) {
  const Row row = row_of(error.kind);
  Reply reply = grpc_error({row.grpc, error.message, delay_of(error, row.hint)});
  reply.urgent = is_urgent(error.kind);
  return reply;
}

Reply http_ok(BodyFormat format) {
  Reply reply;
  reply.headers = {{"content-type", content_type(format)}};
  if (format == BodyFormat::kJson) reply.body = "{}";
  return reply;
}

Reply http_error(const Error& error, BodyFormat format) {
  const Row row = row_of(error.kind);
  Reply reply = http_reply(row.http, {row.grpc, error.message, delay_of(error, row.hint)}, format);
  reply.urgent = is_urgent(error.kind);
  return reply;
}

Reply http_error(int http_status, std::string message, BodyFormat format) {
  return http_reply(http_status, rpc_status_of_http(http_status, std::move(message)), format);
}

RpcStatus rpc_status_of_http(int http_status, std::string message) {
  return {code_of_http(http_status), std::move(message)};
}

}  // namespace dualtrace::agent

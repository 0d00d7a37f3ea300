// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/call.h"

#include <algorithm>

#include "agent/receive/content_coding.h"
#include "agent/receive/header_text.h"
#include "agent/receive/health.h"

namespace dualtrace::agent {
namespace {

constexpr std::string_view kExportPath =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr std::string_view kHealthPath = "/grpc.health.v1.Health/Check";
constexpr std::string_view kTracesPath = "/v1/traces";
constexpr size_t kHealthBytesMax = 4096;
constexpr char kEmptyCompressed[] =
    "the body is declared as compressed, but is empty; send it without the header, or compress it";

// "Application/JSON; charset=utf-8" → "application/json".
std::string media_type(std::string_view content_type) {
  return trimmed_lower(content_type.substr(0, content_type.find(';')));
}

bool is_grpc(std::string_view type) {
  return type == "application/grpc" || type == "application/grpc+proto";
}

// Also the unsupported variants: their clients speak gRPC.
bool looks_like_grpc(std::string_view type) { return type.starts_with("application/grpc"); }

size_t bytes_max(const Intake& intake, const RequestHead& head) {
  return head.path == kHealthPath ? kHealthBytesMax : intake.request_bytes_max();
}

}  // namespace

Call::Call(Intake& intake, HttpVersion version, RequestHead head, std::shared_ptr<PeerShare> peer)
    : version_(version),
      head_(std::move(head)),
      body_(intake, bytes_max(intake, head_), std::move(peer)) {
  if (version_ == HttpVersion::k2 && is_grpc(media_type(head_.content_type))) {
    begin_grpc();
  } else {
    begin_http();
  }
}

void Call::begin_grpc() {
  if (head_.method != "POST") return refuse_method("gRPC calls are POST requests");
  protocol_ = RequestProtocol::kGrpc;
  format_ = BodyFormat::kProtobuf;
  if (head_.too_large) return refuse(431, "the request's headers are too large");
  if (head_.path == kHealthPath) {
    service_ = Service::kHealth;
  } else if (head_.path != kExportPath) {
    return refuse(Error{ErrorKind::kNotFound, "unknown method " + head_.path +
                                                  "; traces are accepted by TraceService/Export"});
  }
  const std::optional<BodyEncoding> encoding = grpc_coding(head_.grpc_encoding);
  if (!encoding || (*encoding != BodyEncoding::kIdentity && service_ == Service::kHealth)) {
    const std::string taken = service_ == Service::kHealth ? "identity" : taken_grpc_codings();
    Reply reply =
        grpc_error(RpcStatus{GrpcCode::kUnimplemented, "grpc-encoding " + head_.grpc_encoding +
                                                           " is not supported, only " + taken});
    reply.headers.push_back({"grpc-accept-encoding", taken});
    return reply_with(std::move(reply));
  }
  encoding_ = *encoding;
}

void Call::begin_http() {
  const std::string type = media_type(head_.content_type);
  if (type == "application/x-protobuf") format_ = BodyFormat::kProtobuf;
  if (head_.too_large) return refuse(431, "the request's headers are too large");
  const std::string_view path = std::string_view(head_.path).substr(0, head_.path.find('?'));
  if (version_ == HttpVersion::k2 && (path == kExportPath || path == kHealthPath)) {
    return refuse(415, "gRPC requires the content type application/grpc");
  }
  if (path != kTracesPath) return refuse(404, "traces are accepted at /v1/traces");
  if (head_.method != "POST") return refuse_method("traces are accepted by POST");
  if (type != "application/x-protobuf" && type != "application/json") {
    return refuse(415, "the content type must be application/x-protobuf or application/json");
  }
  const std::optional<BodyEncoding> encoding = content_coding(head_.content_encoding);
  if (!encoding) {
    const std::string taken = taken_content_codings();
    Reply reply = http_error(415, "the content encoding must be one of " + taken, format_);
    reply.headers.push_back({"accept-encoding", taken});
    return reply_with(std::move(reply));
  }
  encoding_ = *encoding;
  if (!head_.content_length) return;
  if (const Status expected = body_.expect(*head_.content_length); !expected) {
    refuse(expected.error());
  }
}

void Call::append(std::string_view bytes) {
  if (!receiving()) return;
  const Status appended =
      protocol_ == RequestProtocol::kGrpc ? append_grpc(bytes) : body_.append(bytes);
  if (!appended) refuse(appended.error());
}

Status Call::append_grpc(std::string_view bytes) {
  if (frame_size_ < frame_.size()) {
    const size_t taken = std::min(bytes.size(), frame_.size() - frame_size_);
    std::copy_n(bytes.begin(), taken, frame_.begin() + frame_size_);
    frame_size_ += taken;
    bytes.remove_prefix(taken);
    if (frame_size_ < frame_.size()) return {};
    if (Status opened = open_frame(); !opened) return opened;
  }
  if (bytes.size() > message_size_ - body_.bytes().size()) {
    return fail(ErrorKind::kInvalid, "Export takes exactly one message");
  }
  return body_.append(bytes);
}

Status Call::open_frame() {
  if (frame_[0] == 0) {
    encoding_ = BodyEncoding::kIdentity;
  } else if (frame_[0] != 1) {
    return fail(ErrorKind::kInvalid, "the gRPC frame has an unknown compressed flag");
  } else if (encoding_ == BodyEncoding::kIdentity) {
    return fail(ErrorKind::kInternal, "a compressed message without a grpc-encoding");
  }
  for (size_t i = 1; i < frame_.size(); ++i) {
    message_size_ = message_size_ << 8 | static_cast<unsigned char>(frame_[i]);
  }
  return body_.expect(message_size_);
}

void Call::finish() {
  if (!receiving()) return;
  if (protocol_ == RequestProtocol::kGrpc) return finish_grpc();
  if (is_empty_and_compressed()) return refuse(Error{ErrorKind::kInvalid, kEmptyCompressed});
  state_ = State::kStoring;
  request_ = body_.take();
  request_->format = format_;
  request_->encoding = encoding_;
}

void Call::finish_grpc() {
  if (frame_size_ < frame_.size() || body_.bytes().size() < message_size_) {
    return refuse(Error{ErrorKind::kInvalid, "the stream ended before the gRPC message did"});
  }
  if (service_ == Service::kHealth) return reply_with(health_reply(body_.bytes()));
  if (is_empty_and_compressed()) return refuse(Error{ErrorKind::kInvalid, kEmptyCompressed});
  state_ = State::kStoring;
  request_ = body_.take();
  request_->encoding = encoding_;
}

std::optional<IntakeRequest> Call::take_request() { return std::exchange(request_, std::nullopt); }

void Call::answer(const Status& status) {
  if (state_ != State::kStoring) return;
  if (!status) return refuse(status.error());
  reply_with(protocol_ == RequestProtocol::kGrpc ? grpc_ok("") : http_ok(format_));
}

void Call::refuse(int http_status, std::string message) {
  if (!receiving()) return;
  reply_with(protocol_ == RequestProtocol::kGrpc
                 ? grpc_error(rpc_status_of_http(http_status, std::move(message)))
                 : http_error(http_status, std::move(message), format_));
}

void Call::refuse(const Error& error) {
  reply_with(protocol_ == RequestProtocol::kGrpc ? grpc_error(error) : http_error(error, format_));
}

void Call::refuse_method(std::string message) {
  Reply reply = http_error(405, std::move(message), format_);
  reply.headers.push_back({"allow", "POST"});
  reply_with(std::move(reply));
}

void Call::reply_with(Reply reply) {
  reply_ = std::move(reply);
  // A call may be a stream: its client keeps sending, or keeps the stream open, until it gets an
  // answer.
  reply_.urgent = reply_.urgent || protocol_ == RequestProtocol::kGrpc ||
                  (version_ == HttpVersion::k2 && reply_.http_status >= 400 &&
                   looks_like_grpc(media_type(head_.content_type)));
  state_ = State::kReplied;
  body_.drop();
}

}  // namespace dualtrace::agent

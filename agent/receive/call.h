// SPDX-License-Identifier: Apache-2.0
#pragma once
// Call: one request from the end of its headers to its reply, the same for HTTP/1.1 and HTTP/2 and
// for gRPC and plain OTLP/HTTP. It routes, requests admission, collects the body, removes the gRPC
// frame and decides the reply; the session handles the bytes on the wire.
//
// Flow: receiving → (stored by the intake, awaited) → replied. A refusal may happen at any point of
//   receiving; bytes that arrive after it are dropped.
// Used from one thread. The Intake outlives it.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "agent/intake/intake.h"
#include "agent/receive/body.h"
#include "agent/receive/reply.h"

namespace dualtrace::agent {

enum class HttpVersion { k1, k2 };

// The headers of a request that the receiver reads.
struct RequestHead {
  std::string method;
  std::string path;  // with the query, if any
  std::string content_type;
  std::string content_encoding;
  std::string grpc_encoding;
  std::optional<uint64_t> content_length;
  bool too_large = false;  // above the limit of header bytes; some of it was not kept
};

class Call {
 public:
  Call(Intake& intake, HttpVersion version, RequestHead head,
       std::shared_ptr<PeerShare> peer = nullptr);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void append(std::string_view bytes);
  // The body is complete.
  void finish();
  // Ends a call that is still receiving, with a refusal by HTTP itself (400, 408).
  void refuse(int http_status, std::string message);
  // The intake's answer to the request that take_request() returned.
  void answer(const Status& status);

  [[nodiscard]] bool receiving() const { return state_ == State::kReceiving; }
  [[nodiscard]] bool replied() const { return state_ == State::kReplied; }
  // Call once after finish(), unless the call is decided without the intake.
  [[nodiscard]] std::optional<IntakeRequest> take_request();
  // When replied().
  [[nodiscard]] const Reply& reply() const { return reply_; }
  [[nodiscard]] Reply take_reply() { return std::move(reply_); }

 private:
  enum class State { kReceiving, kStoring, kReplied };
  enum class Service { kExport, kHealth };

  void begin_grpc();
  void begin_http();
  Status append_grpc(std::string_view bytes);
  Status open_frame();
  void finish_grpc();
  [[nodiscard]] bool is_empty_and_compressed() const {
    return encoding_ != BodyEncoding::kIdentity && body_.bytes().empty();
  }
  void refuse(const Error& error);
  void refuse_method(std::string message);
  void reply_with(Reply reply);

  const HttpVersion version_;
  const RequestHead head_;
  RequestProtocol protocol_ = RequestProtocol::kHttp;
  Service service_ = Service::kExport;
  BodyFormat format_ = BodyFormat::kJson;  // JSON also for a refusal of an unknown type
  BodyEncoding encoding_ = BodyEncoding::kIdentity;
  State state_ = State::kReceiving;
  std::array<char, 5> frame_{};  // gRPC: compressed flag, length
  size_t frame_size_ = 0;
  size_t message_size_ = 0;
  Body body_;
  std::optional<IntakeRequest> request_;
  Reply reply_;
};

}  // namespace dualtrace::agent

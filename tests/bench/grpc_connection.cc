// SPDX-License-Identifier: Apache-2.0
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <unordered_map>
#include <vector>

#include "common/error/check.h"
#include "tests/bench/connection.h"

namespace dualtrace::bench {
namespace {

using boost::system::error_code;

constexpr size_t kReadBytes = 64 * 1024;
constexpr size_t kWriteBytes = 256 * 1024;  // taken out of nghttp2 in one piece
constexpr size_t kFrameHeaderBytes = 5;     // compressed flag and length, before gRPC's message

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

struct Call {
  std::array<char, kFrameHeaderBytes> frame_header{};
  std::string body;
  size_t sent = 0;  // bytes of header and body
  Answered answered;
  int status = -1;
  std::string details;
};

class GrpcConnection final : public Connection {
 public:
  GrpcConnection(boost::asio::io_context& io, Target target)
      : io_(io), target_(std::move(target)), socket_(io, target_.tls), read_buffer_(kReadBytes) {}
  ~GrpcConnection() override { nghttp2_session_del(session_); }
  GrpcConnection(const GrpcConnection&) = delete;
  GrpcConnection& operator=(const GrpcConnection&) = delete;

  void connect() override { static_cast<void>(connected()); }
  void send(std::string body, Answered answered) override;

 private:
  friend struct Callbacks;

  bool connected();
  void read();
  void write();
  void broken();
  ssize_t read_body(int32_t id, uint8_t* buffer, size_t size, uint32_t* flags);
  void header(int32_t id, std::string_view name, std::string_view value);
  void closed(int32_t id);

  boost::asio::io_context& io_;
  const Target target_;
  ClientStream socket_;
  nghttp2_session* session_ = nullptr;  // not null while the socket is open
  std::unordered_map<int32_t, Call> calls_;
  std::vector<char> read_buffer_;
  std::string output_;
  bool writing_ = false;
  bool receiving_ = false;  // batch the requests of one read into one write
};

struct Callbacks {
  static GrpcConnection& of(void* user) { return *static_cast<GrpcConnection*>(user); }
  static std::string_view view(const uint8_t* data, size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                       size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                       void* user) {
    of(user).header(frame->hd.stream_id, view(name, name_size), view(value, value_size));
    return 0;
  }
  static int on_stream_close(nghttp2_session*, int32_t id, uint32_t, void* user) {
    of(user).closed(id);
    return 0;
  }
  static ssize_t read_body(nghttp2_session*, int32_t id, uint8_t* buffer, size_t size,
                           uint32_t* flags, nghttp2_data_source*, void* user) {
    return of(user).read_body(id, buffer, size, flags);
  }

  static nghttp2_session* new_session(GrpcConnection* user) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session* session = nullptr;
    DT_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    DT_CHECK(nghttp2_session_client_new(&session, callbacks, user) == 0);
    nghttp2_session_callbacks_del(callbacks);
    DT_CHECK(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, nullptr, 0) == 0);
    return session;
  }
};

void GrpcConnection::send(std::string body, Answered answered) {
  if (!connected()) {
    return boost::asio::post(io_, [answered = std::move(answered)] { answered(Answer::kFailed); });
  }
  const nghttp2_nv fields[] = {
      field(":method", "POST"),
      field(":scheme", target_.tls == nullptr ? "http" : "https"),
      field(":path", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
      field(":authority", "127.0.0.1"),
      field("content-type", "application/grpc"),
      field("te", "trailers"),
      field("grpc-encoding", "gzip")};
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_body;
  const int32_t id = nghttp2_submit_request(
      session_, nullptr, fields, std::size(fields) - (target_.gzip ? 0 : 1), &provider, nullptr);
  DT_CHECK(id > 0);  // two billion requests fit on a connection
  Call& call = calls_[id];
  call.body = std::move(body);
  call.answered = std::move(answered);
  call.frame_header[0] = target_.gzip ? 1 : 0;
  for (size_t i = 1; i < kFrameHeaderBytes; ++i) {
    call.frame_header[i] = static_cast<char>(call.body.size() >> (32 - 8 * i));
  }
  if (!receiving_) write();
}

bool GrpcConnection::connected() {
  if (session_ != nullptr) return true;
  if (!socket_.connect(target_.endpoint)) return false;
  session_ = Callbacks::new_session(this);
  read();
  return true;
}

void GrpcConnection::read() {
  socket_.async_read_some(
      boost::asio::buffer(read_buffer_), [this](const error_code& error, size_t size) {
        if (error) return broken();
        receiving_ = true;
        const ssize_t taken = nghttp2_session_mem_recv(
            session_, reinterpret_cast<const uint8_t*>(read_buffer_.data()), size);
        receiving_ = false;
        if (taken < 0) return broken();
        write();
        if (session_ != nullptr) read();
      });
}

void GrpcConnection::write() {
  if (writing_ || session_ == nullptr) return;
  // A stream that was answered early closes in mem_send(), and a request sent then joins the write.
  writing_ = true;
  output_.clear();
  while (output_.size() < kWriteBytes) {
    const uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    DT_CHECK(size >= 0);
    if (size == 0) break;
    output_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
  writing_ = !output_.empty();
  if (!writing_) return;
  boost::asio::async_write(socket_, boost::asio::buffer(output_),
                           [this](const error_code&, size_t) {
                             writing_ = false;
                             write();  // the read reports a broken connection
                           });
}

// Every call without an answer has failed.
void GrpcConnection::broken() {
  socket_.close();
  nghttp2_session_del(session_);
  session_ = nullptr;
  for (auto& [id, call] : std::exchange(calls_, {})) {
    call.answered(Answer::kFailed);
  }
}

ssize_t GrpcConnection::read_body(int32_t id, uint8_t* buffer, size_t size, uint32_t* flags) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  Call& call = found->second;
  size_t copied = 0;
  if (call.sent < kFrameHeaderBytes) {
    copied = std::min(size, kFrameHeaderBytes - call.sent);
    std::copy_n(call.frame_header.begin() + call.sent, copied, buffer);
    call.sent += copied;
  }
  if (call.sent >= kFrameHeaderBytes) {
    const size_t at = call.sent - kFrameHeaderBytes;
    const size_t part = std::min(size - copied, call.body.size() - at);
    std::copy_n(call.body.begin() + at, part, buffer + copied);
    call.sent += part;
    copied += part;
  }
  if (call.sent == kFrameHeaderBytes + call.body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(copied);
}

void GrpcConnection::header(int32_t id, std::string_view name, std::string_view value) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (name == "grpc-status") {
    std::from_chars(value.data(), value.data() + value.size(), found->second.status);
  } else if (name == "grpc-status-details-bin") {
    found->second.details = value;
  }
}

void GrpcConnection::closed(int32_t id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const Call call = std::move(found->second);
  calls_.erase(found);
  call.answered(answer_of_grpc(call.status, call.details));
}

}  // namespace

std::unique_ptr<Connection> make_grpc_connection(boost::asio::io_context& io, Target target) {
  return std::make_unique<GrpcConnection>(io, std::move(target));
}

}  // namespace dualtrace::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Http2Client: a well-behaved HTTP/2 client on nghttp2, as a state machine of bytes, for tests of
// the receiver's sessions. raw_frame() builds malformed and unusual frames by hand. Used from one
// thread.

#include <nghttp2/nghttp2.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dualtrace::agent {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Http2Response {
  std::map<std::string, std::string> headers;  // including trailers
  std::string body;
  bool complete = false;  // END_STREAM has arrived
  std::optional<uint32_t> reset;
  bool closed = false;
};

class Http2Client {
 public:
  Http2Client();
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  enum class End { kYes, kNo };
  int32_t request(const Fields& headers, std::string body, End end = End::kYes);
  void append(int32_t id, const std::string& body, End end);
  void reset(int32_t id, uint32_t error_code);
  void ping() { nghttp2_submit_ping(session_, 0, nullptr); }

  std::string take_output();
  void receive(std::string_view bytes);

  // By stream ID.
  std::map<int32_t, Http2Response> responses;
  std::optional<uint32_t> goaway;
  uint32_t streams_max = 0;  // the server's SETTINGS_MAX_CONCURRENT_STREAMS

 private:
  struct Upload {
    std::string body;
    size_t sent = 0;
    bool ended = false;
  };

  static ssize_t read_body(nghttp2_session*, int32_t id, uint8_t* buffer, size_t size,
                           uint32_t* flags, nghttp2_data_source*, void* user);

  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Upload> uploads_;
};

[[nodiscard]] std::string raw_frame(uint8_t type, uint8_t flags, int32_t stream,
                                    std::string_view payload);

[[nodiscard]] std::string grpc_frame(std::string_view message, char compressed = 0);
[[nodiscard]] Fields grpc_headers(
    const std::string& path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export");

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// The frames of an HTTP/2 connection, by nghttp2: it calls Http2Events for what arrives and what is
// sent, and Http2Session decides. Its C callbacks and its format of header fields are in the .cc.
// Used from one thread.

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string_view>

#include "agent/receive/reply.h"
#include "common/config/agent_config.h"

namespace dualtrace::agent {

class Http2Events {
 public:
  virtual ~Http2Events() = default;

  virtual void frame_begun(const nghttp2_frame_hd& hd) = 0;
  // Of a request; its trailers are ignored.
  virtual void headers_begun(int32_t id) = 0;
  virtual void header(int32_t id, std::string_view name, std::string_view value) = 0;
  virtual void data(int32_t id, std::string_view bytes) = 0;
  virtual void frame_received(const nghttp2_frame& frame) = 0;
  virtual void frame_sent(const nghttp2_frame& frame) = 0;
  virtual void stream_closed(int32_t id) = 0;
  // A piece of the body that was submitted: as nghttp2_data_source_read_callback.
  virtual ssize_t read_reply(int32_t id, uint8_t* buffer, size_t size, uint32_t* flags) = 0;
};

struct Http2FramesFree {
  void operator()(nghttp2_session* frames) const { nghttp2_session_del(frames); }
};
using Http2Frames = std::unique_ptr<nghttp2_session, Http2FramesFree>;

inline constexpr int32_t kHttp2StreamWindow = 1024 * 1024;

// The server's side, with its SETTINGS ready to be sent. The events outlive it.
[[nodiscard]] Http2Frames make_http2_frames(Http2Events& events, const ReceiverLimits& limits);

// Submits status and headers; the body is read piece by piece.
void submit_reply(nghttp2_session* frames, int32_t id, const Reply& reply, std::string_view date);
void submit_trailers(nghttp2_session* frames, int32_t id, const Reply& reply);

}  // namespace dualtrace::agent

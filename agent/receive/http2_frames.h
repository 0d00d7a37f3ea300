// SPDX-License-Identifier: Apache-2.0
#pragma once
// The frames of an HTTP/2 connection, handled by nghttp2: it calls Http2Events for incoming and
// outgoing frames, and Http2Session decides. Its C callbacks and its format of header fields are in
// the .cc.
// Used from one thread.

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string_view>

#include "agent/receive/reply.h"
#include "common/config/agent_config.h"

namespace dualtrace::agent {

// All are called from within nghttp2_session_mem_recv() (what arrives) or
// nghttp2_session_mem_send() (what is sent), on the connection's thread. None may block. Each may
// submit frames, which are sent later, but must not call those two functions. Views and frames are
// valid during the call. nghttp2 itself answers protocol errors.
class Http2Events {
 public:
  virtual ~Http2Events() = default;

  // The header of a frame has arrived, before its payload. Floods are detected here, since nghttp2
  // may ignore the rest of the frame.
  virtual void frame_begun(const nghttp2_frame_hd& hd) = 0;
  // A request's header block begins: the first event of its stream. Not called for trailers, which
  // are ignored.
  virtual void headers_begun(int32_t id) = 0;
  // One field of a request's header block, in the order of the block, pseudo-headers included.
  // Called once per field, however large the block: the callee enforces the limit.
  virtual void header(int32_t id, std::string_view name, std::string_view value) = 0;
  // A piece of a request's body, as it arrives, before its frame is complete. Called for a stream
  // that was answered, too: the client may still be sending. The window is opened again whatever
  // the callee does with the bytes.
  virtual void data(int32_t id, std::string_view bytes) = 0;
  // A whole frame has arrived and was processed; for headers, after the last header(). END_STREAM
  // in its flags ends the request.
  virtual void frame_received(const nghttp2_frame& frame) = 0;
  // A frame was handed out to be written; for an answer, END_STREAM in its flags is its end.
  // Includes frames that nghttp2 sends by itself, such as a reset of a stream that broke the
  // protocol.
  virtual void frame_sent(const nghttp2_frame& frame) = 0;
  // The stream is gone, for whatever reason: no call with this id follows. Called exactly once for
  // each headers_begun(), except when the connection ends first.
  virtual void stream_closed(int32_t id) = 0;
  // The next piece of the submitted body: writes at most `size` bytes to `buffer` and returns how
  // many; sets NGHTTP2_DATA_FLAG_EOF with the last ones. NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE
  // resets the stream.
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

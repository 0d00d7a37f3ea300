// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/http2_frames.h"

#include <vector>

#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

constexpr int32_t kConnectionWindow = 16 * 1024 * 1024;
constexpr size_t kUnsentAcksMax = 256;  // of SETTINGS and PING, before the connection is closed
constexpr uint64_t kUnreached = 1'000'000'000;

std::string_view view(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv as_nv(const HeaderField& field) {
  const auto bytes = [](const std::string& text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  };
  return {bytes(field.name), bytes(field.value), field.name.size(), field.value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

Http2Events& of(void* user) { return *static_cast<Http2Events*>(user); }

int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* hd, void* user) {
  of(user).frame_begun(*hd);
  return 0;
}

int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) of(user).headers_begun(frame->hd.stream_id);
  return 0;
}

int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
              const uint8_t* value, size_t value_size, uint8_t, void* user) {
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    of(user).header(frame->hd.stream_id, view(name, name_size), view(value, value_size));
  }
  return 0;
}

int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  of(user).frame_received(*frame);
  return 0;
}

int on_data_chunk(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size,
                  void* user) {
  of(user).data(id, view(data, size));
  return 0;
}

int on_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  of(user).frame_sent(*frame);
  return 0;
}

int on_stream_close(nghttp2_session*, int32_t id, uint32_t, void* user) {
  of(user).stream_closed(id);
  return 0;
}

ssize_t on_read_reply(nghttp2_session*, int32_t id, uint8_t* buffer, size_t size, uint32_t* flags,
                      nghttp2_data_source*, void* user) {
  return of(user).read_reply(id, buffer, size, flags);
}

nghttp2_session* new_session(Http2Events* events) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* options = nullptr;
  nghttp2_session* session = nullptr;
  DT_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&options) == 0);
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_option_set_max_outbound_ack(options, kUnsentAcksMax);
  // The flood guard counts resets, with the configured limit and our clock; nghttp2's own limit is
  // set so high that it is never reached.
  nghttp2_option_set_stream_reset_rate_limit(options, kUnreached, kUnreached);
  DT_CHECK(nghttp2_session_server_new2(&session, callbacks, events, options) == 0);
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);
  return session;
}

}  // namespace

Http2Frames make_http2_frames(Http2Events& events, const ReceiverLimits& limits) {
  Http2Frames frames(new_session(&events));
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kHttp2StreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.header_bytes}};
  DT_CHECK(
      nghttp2_submit_settings(frames.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings)) == 0);
  DT_CHECK(nghttp2_session_set_local_window_size(frames.get(), NGHTTP2_FLAG_NONE, 0,
                                                 kConnectionWindow) == 0);
  return frames;
}

void submit_reply(nghttp2_session* frames, int32_t id, const Reply& reply, std::string_view date) {
  const HeaderField status{":status", std::to_string(reply.http_status)};
  const HeaderField dated{"date", std::string(date)};
  std::vector<nghttp2_nv> fields{as_nv(status), as_nv(dated)};
  for (const HeaderField& field : reply.headers) fields.push_back(as_nv(field));
  nghttp2_data_provider body{};
  body.read_callback = on_read_reply;
  nghttp2_submit_response(frames, id, fields.data(), fields.size(),
                          reply.body.empty() ? nullptr : &body);
}

void submit_trailers(nghttp2_session* frames, int32_t id, const Reply& reply) {
  std::vector<nghttp2_nv> fields;
  for (const HeaderField& field : reply.trailers) fields.push_back(as_nv(field));
  nghttp2_submit_trailer(frames, id, fields.data(), fields.size());
}

}  // namespace dualtrace::agent

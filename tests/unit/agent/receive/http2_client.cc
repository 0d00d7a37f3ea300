// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/agent/receive/http2_client.h"

#include <algorithm>

namespace dualtrace::agent {
namespace {

Http2Client& of(void* user) { return *static_cast<Http2Client*>(user); }

nghttp2_nv as_nv(const std::pair<std::string, std::string>& field) {
  const auto bytes = [](const std::string& text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  };
  return {bytes(field.first), bytes(field.second), field.first.size(), field.second.size(),
          NGHTTP2_NV_FLAG_NONE};
}

int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
              const uint8_t* value, size_t value_size, uint8_t, void* user) {
  const std::string key(reinterpret_cast<const char*>(name), name_size);
  of(user).responses[frame->hd.stream_id].headers[key].assign(reinterpret_cast<const char*>(value),
                                                              value_size);
  return 0;
}

int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
  of(user).responses[id].body.append(reinterpret_cast<const char*>(data), size);
  return 0;
}

int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
  Http2Client& client = of(user);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA:
      if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        client.responses[frame->hd.stream_id].complete = true;
      }
      break;
    case NGHTTP2_RST_STREAM:
      client.responses[frame->hd.stream_id].reset = frame->rst_stream.error_code;
      break;
    case NGHTTP2_GOAWAY:
      client.goaway = frame->goaway.error_code;
      break;
    case NGHTTP2_SETTINGS:
      client.streams_max =
          nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
      break;
    default:
      break;
  }
  return 0;
}

int on_close(nghttp2_session*, int32_t id, uint32_t, void* user) {
  of(user).responses[id].closed = true;
  return 0;
}

}  // namespace

Http2Client::Http2Client() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
}

int32_t Http2Client::request(const Fields& headers, std::string body, End end) {
  std::vector<nghttp2_nv> fields;
  for (const auto& field : headers) fields.push_back(as_nv(field));
  nghttp2_data_provider provider{};
  provider.read_callback = read_body;
  const bool bodiless = body.empty() && end == End::kYes;
  const int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                            bodiless ? nullptr : &provider, nullptr);
  uploads_[id] = {std::move(body), 0, end == End::kYes};
  return id;
}

void Http2Client::append(int32_t id, const std::string& body, End end) {
  uploads_[id].body += body;
  uploads_[id].ended = end == End::kYes;
  nghttp2_session_resume_data(session_, id);
}

void Http2Client::reset(int32_t id, uint32_t error_code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, error_code);
}

ssize_t Http2Client::read_body(nghttp2_session*, int32_t id, uint8_t* buffer, size_t size,
                               uint32_t* flags, nghttp2_data_source*, void* user) {
  Upload& upload = of(user).uploads_[id];
  const size_t taken = std::min(size, upload.body.size() - upload.sent);
  if (taken == 0 && !upload.ended) return NGHTTP2_ERR_DEFERRED;
  std::copy_n(upload.body.begin() + upload.sent, taken, buffer);
  upload.sent += taken;
  if (upload.ended && upload.sent == upload.body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(taken);
}

std::string Http2Client::take_output() {
  std::string output;
  const uint8_t* data = nullptr;
  for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &data)) > 0;) {
    output.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
  return output;
}

void Http2Client::receive(std::string_view bytes) {
  nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

std::string raw_frame(uint8_t type, uint8_t flags, int32_t stream, std::string_view payload) {
  std::string frame;
  for (int shift = 16; shift >= 0; shift -= 8) {
    frame.push_back(static_cast<char>(payload.size() >> shift));
  }
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  for (int shift = 24; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(stream >> shift));
  return frame.append(payload);
}

std::string grpc_frame(std::string_view message, char compressed) {
  std::string frame(1, compressed);
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame.push_back(static_cast<char>(message.size() >> shift));
  }
  return frame.append(message);
}

Fields grpc_headers(const std::string& path) {
  return {{":method", "POST"},
          {":scheme", "http"},
          {":path", path},
          {":authority", "agent"},
          {"content-type", "application/grpc"}};
}

}  // namespace dualtrace::agent

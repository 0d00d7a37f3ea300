// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/http2_stream.h"

#include <charconv>

#include "agent/receive/header_text.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kFieldOverhead =
    32;  // RFC 9113, 6.5.2: what a field counts in addition to its bytes

}  // namespace

void Http2Stream::add_header(std::string_view name, std::string_view value,
                             size_t header_bytes_max) {
  header_bytes += name.size() + value.size() + kFieldOverhead;
  head.too_large = header_bytes > header_bytes_max;
  if (head.too_large) return;
  if (name == ":method") {
    head.method = value;
  } else if (name == ":path") {
    head.path = value;
  } else if (name == "content-type") {
    head.content_type = value;
  } else if (name == "content-encoding") {
    add_to_list(head.content_encoding, value);
  } else if (name == "grpc-encoding") {
    head.grpc_encoding = value;
  } else if (name == "content-length") {
    uint64_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    head.content_length = length;  // nghttp2 has checked its format, and checks the body against it
  }
}

std::string_view Http2Stream::next_of_reply(size_t size) {
  const std::string_view taken = std::string_view(reply.body).substr(reply_sent, size);
  reply_sent += taken.size();
  return taken;
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/http1_parser.h"

#include "agent/receive/header_text.h"
#include "common/net/request_target.h"

namespace dualtrace::agent {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void Http1Parser::on_request_impl(http::verb, Text method, Text target, int version, ErrorCode&) {
  head.method = view(method);
  head.path = origin_form(view(target));
  http11 = version == 11;
  bodiless = head.method == "HEAD";
}

void Http1Parser::on_field_impl(http::field field, Text, Text value, ErrorCode&) {
  if (call) return;  // a trailer
  switch (field) {
    case http::field::content_type:
      head.content_type = view(value);
      break;
    case http::field::content_encoding:
      add_to_list(head.content_encoding, view(value));
      break;
    case http::field::host:
      ++hosts;
      break;
    case http::field::content_length:
      lengths = sized_ || value.find(',') != Text::npos;
      sized_ = true;
      break;
    case http::field::transfer_encoding:
      transfer_encoded = !beast::iequals(value, "chunked");
      break;
    case http::field::expect:
      expect = view(value);
      break;
    default:
      break;
  }
}

void Http1Parser::on_header_impl(ErrorCode&) {
  if (const auto length = content_length()) head.content_length = *length;
}

size_t Http1Parser::on_body_impl(Text body, ErrorCode&) {
  body_bytes += body.size();
  call->append(view(body));
  return body.size();
}

size_t Http1Parser::on_chunk_body_impl(std::uint64_t, Text body, ErrorCode& error) {
  return on_body_impl(body, error);
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Http1Parser: Beast's parser of one HTTP/1.1 request. It keeps only the parts that the receiver
// needs; the body goes to the call. Http1Session decides whether the headers are valid.
// Used from one thread.

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/receive/call.h"

namespace dualtrace::agent {

class Http1Parser final : public boost::beast::http::basic_parser<true> {
 public:
  RequestHead head;
  bool http11 = false;
  bool bodiless = false;  // the answer to a HEAD
  uint32_t hosts = 0;
  bool lengths = false;           // more than one, if all the same
  bool transfer_encoded = false;  // by anything other than "chunked" alone
  std::optional<std::string> expect;
  std::unique_ptr<Call> call;
  size_t body_bytes = 0;

 private:
  using Text = boost::beast::string_view;
  using ErrorCode = boost::system::error_code;

  void on_request_impl(boost::beast::http::verb, Text method, Text target, int version,
                       ErrorCode&) override;
  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field field, Text, Text value, ErrorCode&) override;
  void on_header_impl(ErrorCode&) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  size_t on_body_impl(Text body, ErrorCode&) override;
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  size_t on_chunk_body_impl(std::uint64_t, Text body, ErrorCode& error) override;
  void on_finish_impl(ErrorCode&) override {}

  bool sized_ = false;
};

}  // namespace dualtrace::agent

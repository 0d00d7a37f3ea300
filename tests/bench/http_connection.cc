// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "tests/bench/connection.h"

namespace dualtrace::bench {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

class HttpConnection final : public Connection {
 public:
  HttpConnection(boost::asio::io_context& io, Target target)
      : io_(io), target_(std::move(target)), socket_(io, target_.tls) {}

  void connect() override { static_cast<void>(connected()); }
  void send(std::string body, Answered answered) override {
    answered_ = std::move(answered);
    if (!connected()) return boost::asio::post(io_, [this] { finish(Answer::kFailed); });
    request_ = {http::verb::post, "/v1/traces", 11, std::move(body)};
    request_.set(http::field::host, "127.0.0.1");
    request_.set(http::field::content_type, "application/x-protobuf");
    if (target_.gzip) request_.set(http::field::content_encoding, "gzip");
    request_.prepare_payload();
    http::async_write(socket_, request_, [this](const error_code& error, size_t) {
      if (error) return finish(Answer::kFailed);
      read();
    });
  }

 private:
  using Response = http::response<http::string_body>;

  bool connected() { return socket_.is_open() || socket_.connect(target_.endpoint); }

  void read() {
    response_ = {};
    http::async_read(socket_, buffer_, response_, [this](const error_code& error, size_t) {
      if (error) return finish(Answer::kFailed);
      const Answer answer =
          answer_of_http(response_.result_int(), response_.count(http::field::retry_after) > 0);
      if (response_.need_eof()) close();
      finish(answer);
    });
  }

  void close() {
    socket_.close();
    buffer_.clear();
  }

  void finish(Answer answer) {
    if (answer == Answer::kFailed) close();
    std::exchange(answered_, nullptr)(answer);
  }

  boost::asio::io_context& io_;
  const Target target_;
  ClientStream socket_;
  boost::beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  Response response_;
  Answered answered_;
};

}  // namespace

std::unique_ptr<Connection> make_http_connection(boost::asio::io_context& io, Target target) {
  return std::make_unique<HttpConnection>(io, std::move(target));
}

}  // namespace dualtrace::bench

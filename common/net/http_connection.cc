// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_connection.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <utility>

#include "common/net/request_target.h"
#include "common/time/http_date.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr uint64_t kReadBytesMax = 64 * 1024;
constexpr size_t kLingerBytesMax = 16 * 1024 * 1024;
constexpr auto kLingerTimeout = std::chrono::seconds(5);

class PendingExchange final : public HttpReplier::Exchange {
 public:
  PendingExchange(std::shared_ptr<asio::io_context> io, std::weak_ptr<HttpConnection> connection)
      : io_(std::move(io)), connection_(std::move(connection)) {}

  void reply(HttpServerResponse response) override {
    asio::post(*io_, [connection = connection_, response = std::move(response)]() mutable {
      if (const auto open = connection.lock()) open->answer(std::move(response));
    });
  }

  void drop() override {
    asio::post(*io_, [connection = connection_] {
      if (const auto open = connection.lock()) open->close();
    });
  }

 private:
  std::shared_ptr<asio::io_context> io_;
  std::weak_ptr<HttpConnection> connection_;
};

HttpServerRequest to_request(http::request<http::string_body>&& message) {
  HttpServerRequest request;
  request.method = std::string(message.method_string());
  const beast::string_view written = message.target();
  const std::string target(origin_form({written.data(), written.size()}));
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  for (const auto& field : message) {
    std::string name(field.name_string());
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  request.body = std::move(message.body());
  return request;
}

HttpServerResponse refusal(const error_code& error) {
  if (error == http::error::body_limit) return {.status = 413, .body = "the body is too large\n"};
  if (error == http::error::header_limit)
    return {.status = 431, .body = "the headers are too large\n"};
  return {.status = 400, .body = "not a valid HTTP request\n"};
}

HttpServerResponse no_room() {
  return {
      .status = 503, .headers = {{"Retry-After", "1"}}, .body = "too many bodies are being read\n"};
}

// Errors of Beast's parser, as opposed to those of the socket, can be reported to the client.
bool is_protocol_error(const error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

template <typename Stream>
class StreamConnection final : public HttpConnection,
                               public std::enable_shared_from_this<StreamConnection<Stream>> {
 public:
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

  template <typename... TlsContext>
  StreamConnection(HttpServerContext& server, tcp::socket socket, TlsContext&... tls)
      : server_(server), stream_(std::move(socket), tls...) {}

  void start() override {
    if constexpr (kTls) {
      expect_progress(server_.options.progress_timeout);
      stream_.async_handshake(ssl::stream_base::server, step([this](error_code error, size_t) {
                                if (error) return close();
                                read_header();
                              }));
    } else {
      read_header();
    }
  }

  void answer(HttpServerResponse answer) override {
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(answer.status));
    const std::string_view date = http_date(SystemClock().wall());
    response_.set(http::field::date, {date.data(), date.size()});
    if (!answer.body.empty()) response_.set(http::field::content_type, answer.content_type);
    for (const auto& [name, value] : answer.headers) response_.insert(name, value);
    response_.keep_alive(keep_alive_);
    response_.body() = std::move(answer.body);
    response_.prepare_payload();
    if (head_) response_.body().clear();  // the length stays, as RFC 9110 §9.3.2 allows
    release_body();
    expect_progress(server_.options.progress_timeout);
    http::async_write(stream_, response_, step([this](error_code error, size_t) {
                        if (error) return close();
                        if (keep_alive_) return read_header();
                        finish();
                      }));
  }

  void close() override {
    release_body();
    beast::get_lowest_layer(stream_).close();
    server_.connections.erase(this->shared_from_this());
  }

  [[nodiscard]] uint64_t waits_since() const override { return waits_since_; }

 private:
  // A completion handler that keeps this connection alive. Errors of a stream that was closed by a
  // timeout or by close() also arrive here: closing twice is harmless.
  template <typename Next>
  auto step(Next next) {
    return [self = this->shared_from_this(), next](error_code error, size_t bytes = 0) {
      next(error, bytes);
    };
  }

  // The client has to act next.
  void expect_progress(Duration timeout) {
    waits_since_ = ++server_.waits;
    beast::get_lowest_layer(stream_).expires_after(timeout);
  }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(server_.options.header_bytes_max));
    parser_->body_limit(server_.options.body_bytes_max);
    expect_progress(server_.options.idle_timeout);
    http::async_read_header(
        stream_, buffer_, *parser_, step([this](error_code error, size_t) {
          if (error) return refuse(error);
          if (!reserve_body()) return refuse(no_room());
          if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
            return invite_body();
          }
          read_body();
        }));
  }

  void invite_body() {
    response_ = {};
    response_.version(11);
    response_.result(http::status::continue_);
    expect_progress(server_.options.progress_timeout);
    http::async_write(stream_, response_, step([this](error_code error, size_t) {
                        if (error) return close();
                        read_body();
                      }));
  }

  // Reserves memory for the declared body, or for the longest one if the size is not declared.
  bool reserve_body() {
    const uint64_t announced =
        parser_->chunked() ? server_.options.body_bytes_max : parser_->content_length().value_or(0);
    const uint64_t bytes = std::min<uint64_t>(announced, server_.options.body_bytes_max);
    if (bytes > server_.options.bodies_bytes_max - server_.bodies_bytes) return false;
    server_.bodies_bytes += bytes;
    body_bytes_ = bytes;
    return true;
  }

  void release_body() { server_.bodies_bytes -= std::exchange(body_bytes_, 0); }

  void read_body() {
    expect_progress(server_.options.progress_timeout);
    // Beast reads no more at a time than fits into the buffer, which so far is a few hundred bytes.
    if (const auto length = parser_->content_length()) {
      buffer_.reserve(std::min(*length, kReadBytesMax));
    }
    http::async_read(stream_, buffer_, *parser_, step([this](error_code error, size_t) {
                       if (error) return refuse(error);
                       handle();
                     }));
  }

  void handle() {
    waits_since_ = 0;
    beast::get_lowest_layer(stream_).expires_never();  // the handler has no time limit
    keep_alive_ = parser_->get().keep_alive();
    head_ = parser_->get().method() == http::verb::head;
    server_.handler(to_request(parser_->release()), HttpReplier(std::make_shared<PendingExchange>(
                                                        server_.io, this->weak_from_this())));
  }

  void refuse(const error_code& error) {
    if (!is_protocol_error(error)) return close();
    refuse(refusal(error));
  }

  void refuse(HttpServerResponse refusal) {
    keep_alive_ = false;
    head_ = false;
    answer(std::move(refusal));
  }

  // Ends our half, then reads what the client still sends. Closing with unread bytes would reset
  // the connection, and the client could lose the answer.
  void finish() {
    if constexpr (kTls) {
      expect_progress(server_.options.progress_timeout);
      // Do not wait for the peer's close_notify: it may never come.
      SSL_set_shutdown(stream_.native_handle(), SSL_RECEIVED_SHUTDOWN);
      stream_.async_shutdown(step([this](error_code, size_t) { linger(); }));
    } else {
      linger();
    }
  }

  void linger() {
    auto& layer = beast::get_lowest_layer(stream_);
    error_code ignored;
    layer.socket().shutdown(tcp::socket::shutdown_send, ignored);
    layer.expires_after(kLingerTimeout);
    drain(0);
  }

  void drain(size_t drained) {
    buffer_.clear();
    beast::get_lowest_layer(stream_).async_read_some(
        buffer_.prepare(16 * 1024), step([this, drained](error_code error, size_t bytes) {
          if (error || drained + bytes > kLingerBytesMax) return close();
          drain(drained + bytes);
        }));
  }

  HttpServerContext& server_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  uint64_t waits_since_ = 0;
  size_t body_bytes_ = 0;  // its part of the server's bodies_bytes
  bool keep_alive_ = false;
  bool head_ = false;
};

}  // namespace

std::shared_ptr<HttpConnection> make_http_connection(HttpServerContext& server, tcp::socket socket,
                                                     const ServerTls& tls) {
  if (!tls) {
    return std::make_shared<StreamConnection<beast::tcp_stream>>(server, std::move(socket));
  }
  return std::make_shared<StreamConnection<beast::ssl_stream<beast::tcp_stream>>>(
      server, std::move(socket), *tls);
}

}  // namespace dualtrace

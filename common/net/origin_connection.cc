// SPDX-License-Identifier: Apache-2.0
#include "common/net/origin_connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <limits>
#include <utility>

#include "common/net/answer_body.h"
#include "common/net/http_head.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// Interim answers (RFC 9110, 15.2) come one or two at a time; a server that keeps sending them
// would never answer.
constexpr int kInterimMax = 32;
// How much is collected for one write; a larger part of the body is written as it is.
constexpr size_t kPieceBytes = 64 << 10;
constexpr size_t kReadBytes = 16 << 10;

bool is_success(int status) { return status >= 200 && status < 300; }

Error tunnel_refused(int status) {
  std::string message = "the proxy answered " + std::to_string(status) + " to CONNECT";
  if (wants_proxy_auth(status)) message += kProxyAuthAdvice;
  const bool refuses = status == 403 || wants_proxy_auth(status);
  return {refuses ? ErrorKind::kDenied : ErrorKind::kUnavailable, std::move(message)};
}

}  // namespace

OriginConnection::OriginConnection(asio::io_context& io, const HttpSenderOptions& options,
                                   Lookup& lookup, ClientContext& tls)
    : io_(io),
      options_(options),
      lookup_(lookup),
      tls_(tls),
      timer_(io),
      buffer_(options.head_bytes_max + kReadBytes) {}

Error OriginConnection::failure(const std::string& what, const ErrorCode& error) const {
  if (closed_) return {ErrorKind::kCancelled, "closed"};
  if (error == http::error::end_of_stream || error == asio::error::eof) {
    return {ErrorKind::kUnavailable, what + ": the connection was closed"};
  }
  return {ErrorKind::kUnavailable, what + ": " + error.message()};
}

void OriginConnection::close() {
  closed_ = true;
  reusable_ = false;
  ++idling_;
  timer_.cancel();
  if (dial_ != nullptr) dial_->close();
  if (stream_ != nullptr) stream_->close();
}

// --- Opening: name, TCP, tunnel, TLS.

void OriginConnection::open(Opened opened) {
  opened_ = std::move(opened);
  lookup_.find([weak = weak_from_this()](const Result<Addresses>& addresses) {
    const auto self = weak.lock();
    if (self != nullptr && !self->closed_) self->found(addresses);
  });
}

void OriginConnection::found(const Result<Addresses>& addresses) {
  if (!addresses) return opened(fail(addresses.error()));
  step_ = "connecting";
  timer_.expires_after(options_.connect_max);
  timer_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (error || self == nullptr || self->opened_ == nullptr) return;
    const std::string step = self->step_;
    self->opened(fail(ErrorKind::kUnavailable, "no connection in time, still " + step));
  });
  dial_ = std::make_shared<Dial>(io_, *addresses);
  dial_->start([weak = weak_from_this()](Result<asio::ip::tcp::socket> socket) {
    const auto self = weak.lock();
    if (self != nullptr && !self->closed_) self->connected(std::move(socket));
  });
}

void OriginConnection::connected(Result<asio::ip::tcp::socket> socket) {
  if (!socket) return opened(fail(socket.error()));
  ErrorCode unimportant;
  socket->set_option(asio::ip::tcp::no_delay(true), unimportant);
  stream_ = std::make_unique<OriginStream>(*std::move(socket));
  if (const Status prepared = prepare_proxy(); !prepared) return opened(fail(prepared.error()));
  if (!options_.origin.secure()) return opened({});
  if (options_.proxy) return ask_for_tunnel();
  secure();
}

Status OriginConnection::prepare_proxy() {
  if (!options_.proxy) return {};
  auto authorization = proxy_authorization(*options_.proxy);
  if (!authorization) return fail(authorization.error());
  proxy_authorization_ = *std::move(authorization);
  return {};
}

void OriginConnection::ask_for_tunnel() {
  step_ = "asking the proxy for a tunnel";
  const std::string authority = options_.origin.authority.to_string();
  head_ =
      "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\nUser-Agent: dualtrace\r\n";
  if (!proxy_authorization_.header.empty()) {
    head_ += "Proxy-Authorization: " + proxy_authorization_.header + "\r\n";
  }
  head_ += "\r\n";
  asio::async_write(*stream_, asio::buffer(head_),
                    [self = shared_from_this()](const ErrorCode& error, size_t) {
                      if (error) return self->opened(fail(self->failure("proxy", error)));
                      self->read_tunnel_head();
                    });
}

void OriginConnection::read_tunnel_head() {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(options_.head_bytes_max));
  parser_->skip(true);  // what follows a 2xx to CONNECT is the tunnel
  http::async_read_header(*stream_, buffer_, *parser_,
                          [self = shared_from_this()](const ErrorCode& error, size_t) {
                            self->tunnel_head_read(error);
                          });
}

void OriginConnection::tunnel_head_read(const ErrorCode& error) {
  if (error) return opened(fail(failure("proxy", error)));
  const int status = static_cast<int>(parser_->get().result_int());
  if (status / 100 == 1 && status != 101 && ++interim_ <= kInterimMax) return read_tunnel_head();
  if (!is_success(status)) {
    return opened(fail(tunnel_refused(status)));
  }
  if (buffer_.size() > 0) {
    return opened(fail(ErrorKind::kUnavailable, "the proxy sent data after its answer to CONNECT"));
  }
  secure();
}

void OriginConnection::secure() {
  step_ = "securing the connection";
  auto context = tls_.current();
  if (!context) return opened(fail(context.error()));
  OriginStream::Tls& stream = stream_->secure(*std::move(context));
  if (const Status prepared = tls_.prepare(stream.native_handle()); !prepared) {
    return opened(fail(prepared.error()));
  }
  stream.async_handshake(asio::ssl::stream_base::client,
                         [self = shared_from_this(), &stream](const ErrorCode& error) {
                           if (!error) return self->opened({});
                           Error failed = self->failure("TLS", error);
                           const std::string why = verification_failure(stream.native_handle());
                           if (!why.empty()) failed.message += ": " + why;
                           self->opened(fail(std::move(failed)));
                         });
}

void OriginConnection::opened(Status status) {
  const Opened opened = std::exchange(opened_, nullptr);
  if (opened == nullptr) return;
  timer_.cancel();
  reusable_ = status.has_value() && !closed_;
  if (!reusable_) close();
  asio::post(io_, [self = shared_from_this(), opened, status = std::move(status)] {
    opened(self->closed_ && status ? Status(fail(ErrorKind::kCancelled, "closed")) : status);
  });
}

// --- An exchange. Reading starts together with writing: a server that refuses a long body answers,
// and closes, before it has read the body.

void OriginConnection::exchange(HttpRequest request, Answered answered) {
  answered_ = std::move(answered);
  reusable_ = false;
  ++idling_;
  timer_.cancel();
  ErrorCode unimportant;
  stream_->socket().cancel(unimportant);  // the watch of idle()
  head_ = request_head(request);
  body_ = std::move(request.body);
  part_ = given_ = 0;
  piece_.clear();
  written_ = false;
  interim_ = 0;
  response_ = {};
  write_more();
  read_head();
}

std::string OriginConnection::request_head(const HttpRequest& request) const {
  const HostPort& authority = options_.origin.authority;
  std::string host = authority.to_string();
  const bool default_port = authority.port == (options_.origin.secure() ? 443 : 80);
  if (default_port) host.resize(host.rfind(':'));
  const bool absolute = options_.proxy && !options_.origin.secure();
  std::string head = request.method + " " + (absolute ? "http://" + host : "") + request.path +
                     " HTTP/1.1\r\nHost: " + host + "\r\n";
  for (const auto& [name, value] : request.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (absolute && !proxy_authorization_.header.empty()) {
    head += "Proxy-Authorization: " + proxy_authorization_.header + "\r\n";
  }
  head += "User-Agent: dualtrace\r\nAccept-Encoding: identity\r\n";
  if (!request.body.empty() || request.method == "POST") {
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return head + "\r\n";
}

// Small parts are written together: a body may be a chain of hundreds of them, and each write costs
// a system call and, with TLS, a record.
bool OriginConnection::fill_piece() {
  piece_.clear();
  std::swap(piece_, head_);
  const auto parts = body_.parts();
  while (part_ < parts.size()) {
    const std::string_view rest = parts[part_].view().substr(given_);
    if (piece_.empty() && rest.size() >= kPieceBytes) {
      writing_ = rest;
      ++part_;
      given_ = 0;
      return true;
    }
    if (piece_.size() >= kPieceBytes) break;
    const size_t taken = std::min(rest.size(), kPieceBytes - std::min(kPieceBytes, piece_.size()));
    piece_.append(rest.substr(0, taken));
    given_ += taken;
    if (taken < rest.size()) break;
    ++part_;
    given_ = 0;
  }
  writing_ = piece_;
  return !piece_.empty();
}

void OriginConnection::write_more() {
  if (!fill_piece()) {
    written_ = true;
    return;
  }
  asio::async_write(
      *stream_, asio::buffer(writing_.data(), writing_.size()),
      [self = shared_from_this()](const ErrorCode& error, size_t) { self->written(error); });
}

void OriginConnection::written(const ErrorCode& error) {
  // A server that has closed its side may have answered why. Reading the answer shows it.
  if (error || answered_ == nullptr) return;
  write_more();
}

void OriginConnection::read_head() {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(options_.head_bytes_max));
  // keep_body() enforces its own limit. boost::none would compare as less than every length.
  parser_->body_limit(std::numeric_limits<uint64_t>::max());
  http::async_read_header(
      *stream_, buffer_, *parser_,
      [self = shared_from_this()](const ErrorCode& error, size_t) { self->head_read(error); });
}

void OriginConnection::head_read(const ErrorCode& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return answered(fail(ErrorKind::kExhausted, "the head of the answer is too large"));
  }
  if (error) return answered(fail(failure("no answer", error)));
  const auto& head = parser_->get();
  response_.status = static_cast<int>(head.result_int());
  if (response_.status / 100 == 1) {
    if (response_.status == 101 || ++interim_ > kInterimMax) {
      return answered(fail(ErrorKind::kUnavailable, "only interim answers, no final one"));
    }
    return read_head();
  }
  for (const auto& field : head) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    response_.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  read_body();
}

void OriginConnection::read_body() {
  if (parser_->is_done()) return finish();
  chunk_.resize(kReadBytes);
  auto& body = parser_->get().body();
  body.data = chunk_.data();
  body.size = chunk_.size();
  body.more = true;
  http::async_read(
      *stream_, buffer_, *parser_,
      [self = shared_from_this()](const ErrorCode& error, size_t) { self->body_read(error); });
}

void OriginConnection::body_read(ErrorCode error) {
  if (error == http::error::need_buffer) error = {};
  if (error) return answered(fail(failure("the answer was cut off", error)));
  keep_body(chunk_.size() - parser_->get().body().size);
  if (response_.cut) return finish();
  read_body();
}

void OriginConnection::keep_body(size_t bytes) {
  const size_t kept = std::min(bytes, options_.response_bytes_max - response_.body.size());
  response_.body.append(chunk_.data(), kept);
  response_.cut = kept < bytes;
}

Duration OriginConnection::promised_idle() const {
  const auto promised = keep_alive_timeout(response_.header("keep-alive"));
  return promised ? *promised : options_.idle_max;
}

void OriginConnection::finish() {
  reusable_ = !closed_ && !response_.cut && written_ && buffer_.size() == 0 && parser_->is_done() &&
              parser_->keep_alive();
  idle_max_ = promised_idle();
  if (!written_ && is_success(response_.status)) {
    // The request was not complete yet, so this cannot be an answer to it.
    return answered(fail(ErrorKind::kUnavailable, "answered before the request was sent"));
  }
  unpack(response_, options_.response_bytes_max);
  response_.secrets.push_back(proxy_authorization_.password);
  answered(std::move(response_));
}

void OriginConnection::answered(Result<HttpResponse> answer) {
  const Answered answered = std::exchange(answered_, nullptr);
  if (answered == nullptr) return;
  if (!answer || !reusable_) close();
  body_ = {};
  if (chunk_.capacity() > kReadBytes) chunk_.shrink_to_fit();
  asio::post(io_,
             [answered, answer = std::move(answer)]() mutable { answered(std::move(answer)); });
}

// --- Idling.

void OriginConnection::idle(std::function<void()> gone) {
  const uint64_t watch = ++idling_;
  const auto end = [weak = weak_from_this(), watch, gone = std::move(gone)](const ErrorCode&) {
    const auto self = weak.lock();
    if (self == nullptr || self->idling_ != watch) return;
    self->close();
    gone();
  };
  stream_->socket().async_wait(asio::ip::tcp::socket::wait_read, end);
  timer_.expires_after(idle_max_);
  timer_.async_wait(end);
}

}  // namespace dualtrace

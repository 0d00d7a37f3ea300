// SPDX-License-Identifier: Apache-2.0
#include "common/net/cpprest_exchange.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "common/net/cpprest_streams.h"
#include "common/net/http_head.h"

namespace dualtrace {
namespace {

namespace rest = web::http;

HttpResponse to_response(const rest::http_response& from) {
  HttpResponse response;
  response.status = from.status_code();
  for (const auto& [name, value] : from.headers()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    response.headers.emplace_back(std::move(lower), value);
  }
  return response;
}

}  // namespace

Exchange::Exchange(std::shared_ptr<CppRestSession> session, HttpRequest request, Duration timeout,
                   std::unique_ptr<AnswerReader> reader)
    : session_(std::move(session)),
      request_(std::move(request)),
      timeout_(timeout),
      reader_(std::move(reader)),
      deadline_(cpprest_pool()) {
  session_->exchange_made();
}

Exchange::~Exchange() { session_->exchange_gone(); }

void Exchange::start() {
  session_->begin(shared_from_this());
  if (session_->closing()) return cancel("shutting down");
  deadline_.expires_after(timeout_);
  deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self != nullptr) self->cancel("no answer in time");
  });
  if (Status checked = check_headers(request_.headers); !checked) {
    return finish(std::move(checked));
  }
  try {
    rest_client_ = session_->rest_client();
    rest_client_->request(to_rest(), canceller_.get_token())
        .then([self = shared_from_this()](const pplx::task<rest::http_response>& answered) {
          self->headers_arrived(answered);
        });
  } catch (...) {
    failed(std::current_exception());
  }
}

rest::http_request Exchange::to_rest() {
  rest::http_request request(request_.method);
  request.set_request_uri(request_.path);
  for (const auto& [name, value] : request_.headers) request.headers().add(name, value);
  // Only if cpprestsdk would get it wrong, because it also takes the SNI name from this header.
  const HostPort& host = session_->options().origin.authority;
  if (host.host.find(':') != std::string::npos) request.headers().add("Host", host.to_string());
  if (!request.headers().has("User-Agent")) request.headers().add("User-Agent", "dualtrace");
  if (!request_.body.empty()) {
    request.headers().set_content_length(request_.body.size());
    const std::string type = request.headers().content_type();
    const concurrency::streams::streambuf<uint8_t> body(
        std::make_shared<RequestBody>(std::move(request_.body)));
    request.set_body(concurrency::streams::istream(body), type);
  }
  const auto body =
      std::make_shared<ResponseBody>([weak = weak_from_this()](std::string_view piece) {
        const auto self = weak.lock();
        if (self != nullptr) self->piece_arrived(piece);
      });
  request.set_response_stream(
      concurrency::streams::ostream(concurrency::streams::streambuf<uint8_t>(body)));
  return request;
}

void Exchange::headers_arrived(const pplx::task<rest::http_response>& answered) {
  try {
    const rest::http_response response = answered.get();
    if (reader_ == nullptr) return;
    if (!reader_->hurries()) deadline_.cancel();
    head_read_ = true;
    reader_->head(to_response(response));
    response.content_ready().then(
        [self = shared_from_this()](const pplx::task<rest::http_response>& ready) {
          self->body_arrived(ready);
        });
    const std::string early = std::exchange(early_, {});
    if (!early.empty()) piece_arrived(early);
  } catch (...) {
    failed(std::current_exception());
  }
}

void Exchange::piece_arrived(std::string_view bytes) {
  if (reader_ == nullptr) return;
  if (!head_read_) {
    early_.append(bytes);
    return;
  }
  if (reader_->piece(bytes) == AnswerReader::Appetite::kMore) return;
  finish({});
  boost::asio::post(cpprest_pool(), [self = shared_from_this()] { self->canceller_.cancel(); });
}

void Exchange::body_arrived(const pplx::task<rest::http_response>& ready) {
  try {
    ready.get();
    finish({});
  } catch (...) {
    failed(std::current_exception());
  }
}

void Exchange::failed(std::exception_ptr cause) {
  session_->leave(rest_client_);
  finish(fail(session_->to_error(std::move(cause))));
}

void Exchange::cancel(const std::string& why) {
  const std::string host = session_->options().origin.authority.to_string();
  finish(fail(ErrorKind::kCancelled, host + ": " + why));
  canceller_.cancel();
}

void Exchange::finish(Status status) {
  const std::unique_ptr<AnswerReader> reader = std::exchange(reader_, nullptr);
  if (reader == nullptr) return;
  deadline_.cancel();
  reader->ended(std::move(status));
  session_->end(shared_from_this());
  session_->exchange_ended();
}

}  // namespace dualtrace

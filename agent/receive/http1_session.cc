// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <limits>

#include "agent/receive/body_patience.h"
#include "agent/receive/http1_parser.h"
#include "agent/receive/receiver_metrics.h"
#include "agent/receive/session.h"
#include "common/time/http_date.h"

namespace dualtrace::agent {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr size_t kOutputMax = 16 * 1024;   // the next request is not read until this is written
constexpr int kEmptyLinesMax = 8;          // before a request line
constexpr size_t kDiscardMax = 64 * 1024;  // of a refused body, to keep the connection

// Beast 1.74 asserts that a last chunk that it reads again is not shorter than this.
bool may_be_part_of_last_chunk(std::string_view input) {
  return input.front() == '0' && input.size() < std::string_view("0\r\n\r\n").size();
}

std::string_view reason_phrase(int http_status) {
  const auto phrase = http::obsolete_reason(static_cast<http::status>(http_status));
  return {phrase.data(), phrase.size()};
}

class Http1Session final : public Session {
 public:
  Http1Session(const SessionContext& context, Tick now) : context_(context) {
    restart(now + context.limits.header_timeout);
  }

  void consume(std::string_view bytes, Tick now) override;
  void end_of_input(Tick now) override;
  std::vector<ReadyRequest> take_requests() override { return std::exchange(ready_, {}); }
  void answer(uint64_t request_id, const Status& status, Tick now) override;
  std::string take_output() override { return std::exchange(output_, {}); }
  bool wants_input() const override {
    return phase_ != Phase::kStoring && phase_ != Phase::kClosing && output_.size() < kOutputMax;
  }
  bool finished() const override { return phase_ == Phase::kClosing; }
  Activity activity() const override {
    if (phase_ == Phase::kStoring) return Activity::kStoring;
    return phase_ == Phase::kIdle ? Activity::kIdle : Activity::kReading;
  }
  Tick deadline() const override { return deadline_; }
  void expire(Tick now) override;
  void drain(Tick now) override;

 private:
  enum class Phase {
    kIdle,        // before the first byte of a request
    kHead,        // within its headers
    kBody,        // within its body
    kStoring,     // with the intake
    kDiscarding,  // answered, the rest of its body is read and dropped
    kClosing,     // nothing more is read
  };

  void restart(Tick idle_until);
  size_t run(std::string_view input, Tick now);
  size_t step(std::string_view input, Tick now);
  size_t skip_empty_line(std::string_view input);
  void begin_call(Tick now);
  void refuse_head(int http_status, std::string message);
  void fail_parse(const boost::system::error_code& error, Tick now);
  void finish_message(Tick now);
  void reply(Tick now);
  void write(const Reply& reply, bool keep_alive);
  void close();

  const SessionContext context_;
  Phase phase_ = Phase::kIdle;
  Tick deadline_{};
  Tick call_started_{};
  std::unique_ptr<Http1Parser> parser_;
  std::string input_;  // not yet parsed
  std::string output_;
  std::vector<ReadyRequest> ready_;
  uint64_t request_id_ = 0;
  BodyPatience patience_;
  int empty_lines_ = 0;  // before the next request
  bool input_ended_ = false;
  bool last_request_ = false;  // what follows cannot be read, or is not wanted
};

void Http1Session::restart(Tick idle_until) {
  parser_ = std::make_unique<Http1Parser>();
  parser_->header_limit(context_.limits.header_bytes);
  // The Call limits it; "none" refuses every Content-Length in Beast 1.74.
  parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
  phase_ = Phase::kIdle;
  deadline_ = idle_until;
  ++request_id_;
  empty_lines_ = 0;
}

void Http1Session::consume(std::string_view bytes, Tick now) {
  if (phase_ == Phase::kClosing) return;
  if (input_.empty()) {  // the usual case: parse in place
    input_.assign(bytes.substr(run(bytes, now)));
  } else {
    input_.append(bytes);
    input_.erase(0, run(input_, now));
  }
  if (input_ended_ && wants_input()) close();  // no further request can arrive
}

// Parses as far as it can; returns how many bytes were used.
size_t Http1Session::run(std::string_view input, Tick now) {
  size_t used = 0;
  while (wants_input() && used < input.size()) {
    const size_t step_used = step(input.substr(used), now);
    if (step_used == 0) break;
    used += step_used;
  }
  return used;
}

size_t Http1Session::step(std::string_view input, Tick now) {
  if (phase_ == Phase::kIdle) {
    if (const size_t skipped = skip_empty_line(input)) return skipped;
    if (input == "\r") return 0;  // perhaps the first half of a line end
    phase_ = Phase::kHead;
    deadline_ = now + context_.limits.header_timeout;
  }
  if (phase_ == Phase::kBody && parser_->chunked() && may_be_part_of_last_chunk(input)) return 0;
  boost::system::error_code error;
  const size_t used = parser_->put(boost::asio::buffer(input.data(), input.size()), error);
  if (error && error != http::error::need_more) {
    fail_parse(error, now);
    return used;
  }
  if (phase_ == Phase::kBody) {
    patience_.received(used, now);
    deadline_ = patience_.deadline();
  }
  if (phase_ == Phase::kHead && parser_->is_header_done()) begin_call(now);
  if (parser_->call && phase_ == Phase::kBody && parser_->call->replied()) reply(now);
  if (parser_->call && parser_->is_done() && phase_ != Phase::kClosing) finish_message(now);
  // A chunk's header line or trailers without an end.
  if (phase_ == Phase::kBody && used == 0 && input.size() > context_.limits.header_bytes) {
    last_request_ = true;
    parser_->call->refuse(400, "a chunk header is too long");
    reply(now);
  }
  return used;
}

// Some clients end a body with one more line end than its length states (RFC 9112, 2.2).
size_t Http1Session::skip_empty_line(std::string_view input) {
  constexpr std::string_view kEmptyLine = "\r\n";
  if (!input.starts_with(kEmptyLine) || ++empty_lines_ > kEmptyLinesMax) return 0;
  return kEmptyLine.size();
}

void Http1Session::begin_call(Tick now) {
  call_started_ = now;
  const RequestHead& head = parser_->head;
  if (parser_->http11 && parser_->hosts != 1) {
    return refuse_head(400, "a request must have exactly one Host header");
  }
  if (parser_->lengths) {
    return refuse_head(400, "a request may have at most one Content-Length");
  }
  if (parser_->transfer_encoded) {
    return refuse_head(501, "the only supported transfer encoding is chunked");
  }
  if (parser_->expect && !beast::iequals(*parser_->expect, "100-continue")) {
    return refuse_head(417, "the only supported expectation is 100-continue");
  }
  const bool sized = head.content_length || parser_->chunked();
  parser_->call = std::make_unique<Call>(context_.intake, HttpVersion::k1, std::move(parser_->head),
                                         context_.peer);
  if (!sized && parser_->call->receiving()) {
    last_request_ = true;  // its body would be read as the next request
    parser_->call->refuse(411, "a body requires Content-Length or chunked encoding");
  }
  phase_ = Phase::kBody;
  patience_ = BodyPatience(context_.limits, now);
  deadline_ = patience_.deadline();
  if (parser_->call->receiving() && parser_->expect && parser_->http11 && !parser_->is_done()) {
    output_.append("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

// Answers without a Call: the meaning of the rest of the message is unknown, so the connection
// ends.
void Http1Session::refuse_head(int http_status, std::string message) {
  const Reply refusal = http_error(http_status, std::move(message), BodyFormat::kJson);
  context_.metrics.replied(refusal, Duration(0));
  write(refusal, false);
  close();
}

void Http1Session::fail_parse(const boost::system::error_code& error, Tick now) {
  if (phase_ == Phase::kDiscarding) return close();
  if (phase_ == Phase::kBody) {
    last_request_ = true;
    parser_->call->refuse(400, "the chunked body is malformed");
    return reply(now);
  }
  if (error == http::error::header_limit) {
    return refuse_head(431, "the request's headers are too large");
  }
  if (error == http::error::bad_version) {
    return refuse_head(505, "the HTTP version is not 1.1");
  }
  refuse_head(400, "not an HTTP request: " + error.message());
}

void Http1Session::finish_message(Tick now) {
  if (phase_ == Phase::kDiscarding) return restart(now + context_.limits.idle_timeout);
  parser_->call->finish();
  if (parser_->call->replied()) return reply(now);
  context_.metrics.received(parser_->body_bytes);
  ready_.push_back({request_id_, *parser_->call->take_request()});
  phase_ = Phase::kStoring;
  deadline_ = Tick::max();
}

void Http1Session::answer(uint64_t request_id, const Status& status, Tick now) {
  if (phase_ != Phase::kStoring || request_id != request_id_) return;
  parser_->call->answer(status);
  reply(now);
  consume({}, now);  // the next request may be waiting in input_
}

// Writes the call's reply and decides whether the connection stays open.
void Http1Session::reply(Tick now) {
  const bool complete = parser_->is_done();
  const auto rest = parser_->content_length_remaining();
  const bool discardable = rest && *rest <= kDiscardMax && !parser_->expect;
  const bool keep_alive =
      parser_->keep_alive() && parser_->http11 && !last_request_ && (complete || discardable);
  context_.metrics.replied(parser_->call->reply(), now - call_started_);
  write(parser_->call->reply(), keep_alive);
  if (!keep_alive) return close();
  if (complete) {
    restart(now + context_.limits.idle_timeout);
  } else {
    phase_ = Phase::kDiscarding;
  }
}

void Http1Session::write(const Reply& reply, bool keep_alive) {
  output_.append("HTTP/1.1 ").append(std::to_string(reply.http_status)).append(" ");
  output_.append(reason_phrase(reply.http_status)).append("\r\n");
  for (const HeaderField& header : reply.headers) {
    output_.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  output_.append("date: ").append(http_date(context_.clock.wall())).append("\r\n");
  output_.append("content-length: ").append(std::to_string(reply.body.size())).append("\r\n");
  if (!keep_alive) output_.append("connection: close\r\n");
  output_.append("\r\n");
  if (!parser_->bodiless) output_.append(reply.body);
}

void Http1Session::close() {
  phase_ = Phase::kClosing;
  deadline_ = Tick::max();
}

void Http1Session::expire(Tick now) {
  if (now < deadline_) return;
  switch (phase_) {
    case Phase::kHead:
      return refuse_head(408, "the request's headers did not arrive in time");
    case Phase::kBody:
      last_request_ = true;
      parser_->call->refuse(408, "the request's body did not arrive in time");
      return reply(now);
    case Phase::kIdle:
    case Phase::kDiscarding:
      return close();
    case Phase::kStoring:
    case Phase::kClosing:
      return;
  }
}

void Http1Session::end_of_input(Tick now) {
  input_ended_ = true;
  consume({}, now);
}

void Http1Session::drain(Tick) {
  last_request_ = true;
  if (phase_ == Phase::kIdle) close();
}

}  // namespace

std::unique_ptr<Session> make_http1_session(const SessionContext& context, Tick now) {
  return std::make_unique<Http1Session>(context, now);
}

}  // namespace dualtrace::agent

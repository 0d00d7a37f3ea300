// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>

#include "agent/receive/flood_guard.h"
#include "agent/receive/http2_frames.h"
#include "agent/receive/http2_stream.h"
#include "agent/receive/receiver_metrics.h"
#include "agent/receive/session.h"
#include "agent/receive/stream_order.h"
#include "common/time/http_date.h"

namespace dualtrace::agent {
namespace {

// A client that is still sending when its answer arrives may finish: curl 7.88 treats a reset as a
// failure, although it has the whole answer.
constexpr Duration kEarlyAnswerGrace = std::chrono::seconds(1);
constexpr size_t kOutputMax = 256 * 1024;  // read from nghttp2 at a time
// How much of a refused body a client may still send before it receives the refusal.
constexpr size_t kDiscardMax = kHttp2StreamWindow;

class Http2Session final : public Session, private Http2Events {
 public:
  Http2Session(const SessionContext& context, Tick now);
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  void consume(std::string_view bytes, Tick now) override;
  void end_of_input(Tick now) override;
  std::vector<ReadyRequest> take_requests() override { return std::exchange(ready_, {}); }
  void answer(uint64_t request_id, const Status& status, Tick now) override;
  std::string take_output() override;
  bool wants_input() const override { return !finished(); }
  bool finished() const override;
  Tick deadline() const override { return deadline_; }
  Activity activity() const override {
    if (storing_ > 0) return Activity::kStoring;
    return streams_.empty() ? Activity::kIdle : Activity::kReading;
  }
  void expire(Tick now) override;
  void drain(Tick now) override;

 private:
  void frame_begun(const nghttp2_frame_hd& hd) override;
  void headers_begun(int32_t id) override;
  void header(int32_t id, std::string_view name, std::string_view value) override;
  void data(int32_t id, std::string_view bytes) override;
  void frame_received(const nghttp2_frame& frame) override;
  void frame_sent(const nghttp2_frame& frame) override;
  void stream_closed(int32_t id) override;
  ssize_t read_reply(int32_t id, uint8_t* buffer, size_t size, uint32_t* flags) override;

  void headers_complete(int32_t id, Http2Stream& stream);
  void end_stream(int32_t id, Http2Stream& stream);
  void refuse_when_read(int32_t id, Http2Stream& stream);
  void reply(int32_t id, Http2Stream& stream);
  void end_early(int32_t id, Http2Stream& stream);
  void set_deadline(Http2Stream& stream, Tick when);
  void give_up(uint32_t error_code);
  Http2Stream* find(int32_t id);

  const SessionContext context_;
  std::unordered_map<int32_t, Http2Stream> streams_;
  std::vector<ReadyRequest> ready_;
  size_t storing_ = 0;  // streams whose request is with the intake
  FloodGuard flood_guard_;
  StreamOrder order_;
  Tick now_;
  Tick deadline_;
  Tick idle_since_;
  bool greeted_ = false;  // the client's preface and SETTINGS are in
  bool broken_ = false;   // nothing meaningful can be sent
  bool input_ended_ = false;
  const Http2Frames frames_;
};

Http2Session::Http2Session(const SessionContext& context, Tick now)
    : context_(context),
      flood_guard_(context.limits.resets_per_second),
      now_(now),
      deadline_(now + context.limits.header_timeout),
      idle_since_(now),
      frames_(make_http2_frames(*this, context.limits)) {}

void Http2Session::consume(std::string_view bytes, Tick now) {
  now_ = now;
  if (broken_ || bytes.empty()) return;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const ssize_t read = nghttp2_session_mem_recv(frames_.get(), data, bytes.size());
  if (read >= 0) return;
  broken_ = true;
  context_.metrics.given_up(read == NGHTTP2_ERR_FLOODED ? GivenUp::kFlood : GivenUp::kProtocol);
}

void Http2Session::end_of_input(Tick now) {
  now_ = now;
  input_ended_ = true;
  for (const auto& [id, stream] : streams_) {
    if (!stream.input_ended) nghttp2_submit_rst_stream(frames_.get(), 0, id, NGHTTP2_CANCEL);
  }
}

void Http2Session::answer(uint64_t request_id, const Status& status, Tick now) {
  now_ = now;
  const auto id = static_cast<int32_t>(request_id);
  Http2Stream* stream = find(id);
  if (stream == nullptr) return;
  if (std::exchange(stream->storing, false)) --storing_;
  stream->call->answer(status);
  reply(id, *stream);
}

std::string Http2Session::take_output() {
  std::string output;
  while (!broken_ && output.size() < kOutputMax) {
    const uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(frames_.get(), &data);
    if (size == 0) break;
    if (size < 0) {
      broken_ = true;
      break;
    }
    output.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
  return output;
}

bool Http2Session::finished() const {
  if (broken_) return true;
  if (nghttp2_session_want_write(frames_.get()) != 0) return false;
  if (nghttp2_session_want_read(frames_.get()) == 0) return true;
  // Answers that wait for the client's window wait in vain if it sends no more.
  return input_ended_ && std::all_of(streams_.begin(), streams_.end(),
                                     [](const auto& entry) { return entry.second.answered; });
}

void Http2Session::expire(Tick now) {
  if (now < deadline_) return;
  now_ = now;
  deadline_ = Tick::max();
  if (!greeted_) return give_up(NGHTTP2_SETTINGS_TIMEOUT);
  if (streams_.empty()) {
    const Tick idle_until = idle_since_ + context_.limits.idle_timeout;
    if (now >= idle_until) return give_up(NGHTTP2_NO_ERROR);
    deadline_ = idle_until;
    return;
  }
  for (auto& [id, stream] : streams_) {
    if (now < stream.deadline) {
      deadline_ = std::min(deadline_, stream.deadline);
    } else if (stream.answer_sent) {
      end_early(id, stream);
    } else if (!stream.call) {  // no other frame may arrive before the rest of these headers
      return give_up(NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (!stream.answered) {
      stream.call->refuse(408, "the request's body did not arrive in time");
      reply(id, stream);
    } else {  // the client does not read its answer
      stream.deadline = Tick::max();
      nghttp2_submit_rst_stream(frames_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
  }
}

// Streams begun after this are not answered; clients retry them on another connection.
void Http2Session::drain(Tick now) {
  now_ = now;
  nghttp2_submit_goaway(frames_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(frames_.get()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Http2Session::frame_begun(const nghttp2_frame_hd& hd) {
  if (hd.type == NGHTTP2_HEADERS && !order_.allow_headers(hd.stream_id)) {
    give_up(NGHTTP2_PROTOCOL_ERROR);
  }
  const bool carries_request =
      hd.type == NGHTTP2_HEADERS ||
      (hd.type == NGHTTP2_DATA && (hd.length > 0 || (hd.flags & NGHTTP2_FLAG_END_STREAM) != 0));
  if (carries_request) return;
  const bool allowed = hd.type == NGHTTP2_RST_STREAM ? flood_guard_.allow_reset(now_)
                                                     : flood_guard_.allow_frame(now_);
  if (!allowed) give_up(NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2Session::headers_begun(int32_t id) {
  Http2Stream& stream = streams_[id];
  set_deadline(stream, now_ + context_.limits.header_timeout);
}

void Http2Session::header(int32_t id, std::string_view name, std::string_view value) {
  Http2Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->add_header(name, value, context_.limits.header_bytes);
}

void Http2Session::frame_received(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_SETTINGS) greeted_ = true;
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  const int32_t id = frame.hd.stream_id;
  Http2Stream* stream = find(id);
  if (stream == nullptr) return;
  if (!stream->call) headers_complete(id, *stream);
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) end_stream(id, *stream);
}

void Http2Session::headers_complete(int32_t id, Http2Stream& stream) {
  stream.begun = now_;
  stream.bodiless = stream.head.method == "HEAD";
  stream.call.emplace(context_.intake, HttpVersion::k2, std::move(stream.head), context_.peer);
  stream.patience = BodyPatience(context_.limits, now_);
  set_deadline(stream, stream.patience.deadline());
  refuse_when_read(id, stream);
}

void Http2Session::data(int32_t id, std::string_view bytes) {
  Http2Stream* stream = find(id);
  if (stream == nullptr) return;
  if (stream->call->receiving()) {
    stream->call->append(bytes);
    stream->patience.received(bytes.size(), now_);
    set_deadline(*stream, stream->patience.deadline());
  } else {
    stream->discarded += bytes.size();
    if (stream->answer_sent && stream->discarded > kDiscardMax) return end_early(id, *stream);
  }
  refuse_when_read(id, *stream);
}

// An answer before the end of a request is allowed, but not every client of plain HTTP handles it
// (curl 7.88 does not), and an error in the rest would go unnoticed. So a refusal waits for the
// end, unless much is still to arrive, the refusal is meant to reduce the load, or the end may
// never arrive: a gRPC client may keep its stream open until it receives an answer.
void Http2Session::refuse_when_read(int32_t id, Http2Stream& stream) {
  if (!stream.call->replied() || stream.answered) return;
  const bool read = stream.input_ended || stream.discarded > kDiscardMax;
  if (read || stream.call->reply().urgent) reply(id, stream);
}

void Http2Session::end_stream(int32_t id, Http2Stream& stream) {
  stream.input_ended = true;
  if (!stream.call->receiving()) return refuse_when_read(id, stream);
  stream.call->finish();
  if (stream.call->replied()) return reply(id, stream);
  ready_.push_back({static_cast<uint64_t>(id), *stream.call->take_request()});
  context_.metrics.received(ready_.back().request.body.size());
  stream.deadline = Tick::max();
  stream.storing = true;
  ++storing_;
  flood_guard_.request();
}

void Http2Session::reply(int32_t id, Http2Stream& stream) {
  stream.answered = true;
  stream.reply = stream.call->take_reply();
  if (stream.bodiless) stream.reply.body.clear();
  context_.metrics.replied(stream.reply, now_ - stream.begun);
  set_deadline(stream, now_ + context_.limits.body_timeout);
  submit_reply(frames_.get(), id, stream.reply, http_date(context_.clock.wall()));
}

ssize_t Http2Session::read_reply(int32_t id, uint8_t* buffer, size_t size, uint32_t* flags) {
  Http2Stream* stream = find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const std::string_view taken = stream->next_of_reply(size);
  std::copy(taken.begin(), taken.end(), buffer);
  if (stream->reply_read()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream->reply.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      submit_trailers(frames_.get(), id, stream->reply);
    }
  }
  return static_cast<ssize_t>(taken.size());
}

GivenUp reason_of(uint32_t goaway_code) {
  switch (goaway_code) {
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return GivenUp::kFlood;
    case NGHTTP2_SETTINGS_TIMEOUT:
      return GivenUp::kSlow;
    default:
      return GivenUp::kProtocol;
  }
}

void Http2Session::frame_sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR) {
    context_.metrics.given_up(reason_of(frame.goaway.error_code));
  }
  if (frame.hd.type == NGHTTP2_RST_STREAM && frame.rst_stream.error_code != NGHTTP2_NO_ERROR) {
    // Resets that a client provokes count like those that it sends.
    if (!flood_guard_.allow_reset(now_)) give_up(NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  const bool may_end = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (!may_end || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  Http2Stream* const stream = find(frame.hd.stream_id);
  if (stream == nullptr || stream->input_ended) return;
  stream->answer_sent = true;
  if (stream->discarded > kDiscardMax) return end_early(frame.hd.stream_id, *stream);
  set_deadline(*stream, now_ + kEarlyAnswerGrace);
}

// Answered before its end: the rest is not wanted, and is not an error either (RFC 9113, 8.1).
void Http2Session::end_early(int32_t id, Http2Stream& stream) {
  stream.deadline = Tick::max();
  nghttp2_submit_rst_stream(frames_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
}

void Http2Session::stream_closed(int32_t id) {
  const Http2Stream* const stream = find(id);
  if (stream != nullptr && stream->storing) --storing_;
  streams_.erase(id);
  if (!streams_.empty()) return;
  idle_since_ = now_;
  deadline_ = std::min(deadline_, now_ + context_.limits.idle_timeout);
}

void Http2Session::set_deadline(Http2Stream& stream, Tick when) {
  stream.deadline = when;
  deadline_ = std::min(deadline_, when);
}

void Http2Session::give_up(uint32_t error_code) {
  nghttp2_session_terminate_session(frames_.get(), error_code);
}

Http2Stream* Http2Session::find(int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

}  // namespace

std::unique_ptr<Session> make_http2_session(const SessionContext& context, Tick now) {
  return std::make_unique<Http2Session>(context, now);
}

}  // namespace dualtrace::agent

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "agent/receive/call.h"
#include "agent/receive/flood_guard.h"
#include "agent/receive/receiver_metrics.h"
#include "agent/receive/session.h"

namespace dualtrace::agent {
namespace {

constexpr int32_t kStreamWindow = 1024 * 1024;
constexpr int32_t kConnectionWindow = 16 * 1024 * 1024;
constexpr size_t kOutputMax = 256 * 1024;  // taken out of nghttp2 at once
constexpr size_t kUnsentAcksMax = 256;     // of SETTINGS and PING, before the client is given up
// Of a refused body: what a client may send anyway before it hears of it.
constexpr size_t kDiscardMax = kStreamWindow;
constexpr uint64_t kUnreached = 1'000'000'000;
constexpr size_t kFieldOverhead = 32;  // RFC 9113, 6.5.2: what a field counts beside its bytes

std::string_view view(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

nghttp2_nv as_nv(const HeaderField& field) {
  const auto bytes = [](const std::string& text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  };
  return {bytes(field.name), bytes(field.value), field.name.size(), field.value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

struct Stream {
  RequestHead head;
  size_t header_bytes = 0;
  std::optional<Call> call;  // once the headers are complete
  bool input_ended = false;
  bool bodiless = false;  // the answer to a HEAD
  bool answered = false;
  size_t discarded = 0;  // of its body
  Tick begun{};
  Tick deadline{};  // of headers, body or answer's way out; max() while with the intake
  Reply reply;
  size_t reply_sent = 0;  // of its body
};

class Http2Session final : public Session {
 public:
  Http2Session(const SessionContext& context, Tick now);
  ~Http2Session() override { nghttp2_session_del(session_); }
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
  void expire(Tick now) override;
  void drain(Tick now) override;

 private:
  friend struct Callbacks;

  void frame_begun(const nghttp2_frame_hd& hd);
  void check_order(int32_t id);
  void begin_headers(int32_t id);
  void header(int32_t id, std::string_view name, std::string_view value);
  void headers_complete(int32_t id, Stream& stream);
  void data(int32_t id, Stream& stream, std::string_view bytes);
  void end_stream(int32_t id, Stream& stream);
  void stream_closed(int32_t id);
  void frame_received(const nghttp2_frame& frame);
  void frame_sent(const nghttp2_frame& frame);
  ssize_t read_reply(int32_t id, uint8_t* buffer, size_t size, uint32_t* flags);

  void refuse_when_read(int32_t id, Stream& stream);
  void reply(int32_t id, Stream& stream);
  void set_deadline(Stream& stream, Tick when);
  void give_up(uint32_t error_code);
  Stream* find(int32_t id);

  const SessionContext context_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, Stream> streams_;
  std::vector<ReadyRequest> ready_;
  FloodGuard flood_guard_;
  Tick now_;
  Tick deadline_;
  Tick idle_since_;
  int32_t last_id_ = -1;      // of the streams that the client has begun
  int32_t skipped_from_ = 0;  // the last ids that it has not, up to the next but two
  int32_t skipped_to_ = 0;
  bool greeted_ = false;  // the client's preface and SETTINGS are in
  bool broken_ = false;   // nothing sensible can be said any more
  bool input_ended_ = false;
};

// nghttp2's C callbacks, each handed to the session that is its user data.
struct Callbacks {
  static Http2Session& of(void* user) { return *static_cast<Http2Session*>(user); }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* hd, void* user) {
    of(user).frame_begun(*hd);
    return 0;
  }
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) of(user).begin_headers(frame->hd.stream_id);
    return 0;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                       size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                       void* user) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      of(user).header(frame->hd.stream_id, view(name, name_size), view(value, value_size));
    }
    return 0;
  }
  static int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    of(user).frame_received(*frame);
    return 0;
  }
  static int on_data_chunk(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size,
                           void* user) {
    Stream* stream = of(user).find(id);
    if (stream != nullptr) of(user).data(id, *stream, view(data, size));
    return 0;
  }
  static int on_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    of(user).frame_sent(*frame);
    return 0;
  }
  static int on_stream_close(nghttp2_session*, int32_t id, uint32_t, void* user) {
    of(user).stream_closed(id);
    return 0;
  }
  static ssize_t read_reply(nghttp2_session*, int32_t id, uint8_t* buffer, size_t size,
                            uint32_t* flags, nghttp2_data_source*, void* user) {
    return of(user).read_reply(id, buffer, size, flags);
  }

  static nghttp2_session* new_session(Http2Session* user) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* options = nullptr;
    nghttp2_session* session = nullptr;
    DT_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&options) == 0);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_option_set_max_outbound_ack(options, kUnsentAcksMax);
    // The flood guard counts resets, by the configured limit and our clock; nghttp2's is out of
    // reach.
    nghttp2_option_set_stream_reset_rate_limit(options, kUnreached, kUnreached);
    DT_CHECK(nghttp2_session_server_new2(&session, callbacks, user, options) == 0);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    return session;
  }
};

Http2Session::Http2Session(const SessionContext& context, Tick now)
    : context_(context),
      session_(Callbacks::new_session(this)),
      flood_guard_(context.limits.resets_per_second),
      now_(now),
      deadline_(now + context.limits.header_timeout),
      idle_since_(now) {
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, context.limits.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, context.limits.header_bytes}};
  DT_CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings)) ==
           0);
  DT_CHECK(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                                 kConnectionWindow) == 0);
}

void Http2Session::consume(std::string_view bytes, Tick now) {
  now_ = now;
  if (broken_ || bytes.empty()) return;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const ssize_t read = nghttp2_session_mem_recv(session_, data, bytes.size());
  if (read >= 0) return;
  broken_ = true;
  context_.metrics.given_up(read == NGHTTP2_ERR_FLOODED ? GivenUp::kFlood : GivenUp::kProtocol);
}

void Http2Session::end_of_input(Tick now) {
  now_ = now;
  input_ended_ = true;
  for (const auto& [id, stream] : streams_) {
    if (!stream.input_ended) nghttp2_submit_rst_stream(session_, 0, id, NGHTTP2_CANCEL);
  }
}

void Http2Session::answer(uint64_t request_id, const Status& status, Tick now) {
  now_ = now;
  const auto id = static_cast<int32_t>(request_id);
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->call->answer(status);
  reply(id, *stream);
}

std::string Http2Session::take_output() {
  std::string output;
  while (!broken_ && output.size() < kOutputMax) {
    const uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    if (size == 0) break;
    if (size < 0) {
      broken_ = true;
      break;
    }
    output.append(view(data, static_cast<size_t>(size)));
  }
  return output;
}

bool Http2Session::finished() const {
  if (broken_) return true;
  if (nghttp2_session_want_write(session_) != 0) return false;
  if (nghttp2_session_want_read(session_) == 0) return true;
  // Answers that wait for the client's window wait in vain when it says no more.
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
    } else if (!stream.call) {  // no other frame may come before the rest of these headers
      return give_up(NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (!stream.answered) {
      stream.call->refuse(408, "the request's body did not arrive in time");
      reply(id, stream);
    } else {  // the client does not take its answer
      stream.deadline = Tick::max();
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
  }
}

// Streams begun after this are not answered; clients try them again on another connection.
void Http2Session::drain(Tick now) {
  now_ = now;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Http2Session::frame_begun(const nghttp2_frame_hd& hd) {
  if (hd.type == NGHTTP2_HEADERS) check_order(hd.stream_id);
  const bool carries_request =
      hd.type == NGHTTP2_HEADERS ||
      (hd.type == NGHTTP2_DATA && (hd.length > 0 || (hd.flags & NGHTTP2_FLAG_END_STREAM) != 0));
  if (carries_request) return;
  const bool allowed = hd.type == NGHTTP2_RST_STREAM ? flood_guard_.allow_reset(now_)
                                                     : flood_guard_.allow_frame(now_);
  if (!allowed) give_up(NGHTTP2_ENHANCE_YOUR_CALM);
}

// nghttp2 passes over headers on a stream below the highest that it does not know, since it cannot
// remember which ones were open once. Those that the client has skipped were not (RFC 9113, 5.1.1).
void Http2Session::check_order(int32_t id) {
  if (id > last_id_) {
    if (id > last_id_ + 2) {
      skipped_from_ = last_id_ + 2;
      skipped_to_ = id;
    }
    last_id_ = id;
  } else if (id >= skipped_from_ && id < skipped_to_) {
    give_up(NGHTTP2_PROTOCOL_ERROR);
  }
}

void Http2Session::begin_headers(int32_t id) {
  Stream& stream = streams_[id];
  set_deadline(stream, now_ + context_.limits.header_timeout);
}

void Http2Session::header(int32_t id, std::string_view name, std::string_view value) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  RequestHead& head = stream->head;
  stream->header_bytes += name.size() + value.size() + kFieldOverhead;
  head.too_large = stream->header_bytes > context_.limits.header_bytes;
  if (head.too_large) return;
  if (name == ":method") {
    head.method = value;
  } else if (name == ":path") {
    head.path = value;
  } else if (name == "content-type") {
    head.content_type = value;
  } else if (name == "content-encoding") {
    head.content_encoding = value;
  } else if (name == "grpc-encoding") {
    head.grpc_encoding = value;
  } else if (name == "content-length") {
    uint64_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    head.content_length = length;  // nghttp2 has checked its form, and checks that it is kept
  }
}

void Http2Session::frame_received(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_SETTINGS) greeted_ = true;
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  const int32_t id = frame.hd.stream_id;
  Stream* stream = find(id);
  if (stream == nullptr) return;
  if (!stream->call) headers_complete(id, *stream);
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) end_stream(id, *stream);
}

void Http2Session::headers_complete(int32_t id, Stream& stream) {
  stream.begun = now_;
  stream.bodiless = stream.head.method == "HEAD";
  stream.call.emplace(context_.intake, HttpVersion::k2, std::move(stream.head));
  set_deadline(stream, now_ + context_.limits.body_timeout);
  refuse_when_read(id, stream);
}

void Http2Session::data(int32_t id, Stream& stream, std::string_view bytes) {
  if (stream.call->receiving()) {
    stream.call->append(bytes);
  } else {
    stream.discarded += bytes.size();
  }
  refuse_when_read(id, stream);
}

// An answer before the end of a request is allowed, but not every client copes with it (curl 7.88
// does not), and what is wrong with the rest would go unnoticed. So a refusal waits for the end,
// unless there is much to come or it is to relieve us.
void Http2Session::refuse_when_read(int32_t id, Stream& stream) {
  if (!stream.call->replied() || stream.answered) return;
  const bool read = stream.input_ended || stream.discarded > kDiscardMax;
  if (read || stream.call->reply().urgent) reply(id, stream);
}

void Http2Session::end_stream(int32_t id, Stream& stream) {
  stream.input_ended = true;
  if (!stream.call->receiving()) return refuse_when_read(id, stream);
  stream.call->finish();
  if (stream.call->replied()) return reply(id, stream);
  ready_.push_back({static_cast<uint64_t>(id), *stream.call->take_request()});
  context_.metrics.received(ready_.back().request.body.size());
  stream.deadline = Tick::max();
  flood_guard_.request();
}

void Http2Session::reply(int32_t id, Stream& stream) {
  stream.answered = true;
  stream.reply = stream.call->take_reply();
  if (stream.bodiless) stream.reply.body.clear();
  context_.metrics.replied(stream.reply, now_ - stream.begun);
  set_deadline(stream, now_ + context_.limits.body_timeout);

  const HeaderField status{":status", std::to_string(stream.reply.http_status)};
  std::vector<nghttp2_nv> fields{as_nv(status)};
  for (const HeaderField& field : stream.reply.headers) fields.push_back(as_nv(field));
  nghttp2_data_provider body{};
  body.read_callback = Callbacks::read_reply;
  nghttp2_submit_response(session_, id, fields.data(), fields.size(),
                          stream.reply.body.empty() ? nullptr : &body);
}

ssize_t Http2Session::read_reply(int32_t id, uint8_t* buffer, size_t size, uint32_t* flags) {
  Stream* stream = find(id);
  if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const std::string& body = stream->reply.body;
  const size_t taken = std::min(size, body.size() - stream->reply_sent);
  std::copy_n(body.begin() + stream->reply_sent, taken, buffer);
  stream->reply_sent += taken;
  if (stream->reply_sent < body.size()) return static_cast<ssize_t>(taken);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (!stream->reply.trailers.empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    std::vector<nghttp2_nv> fields;
    for (const HeaderField& field : stream->reply.trailers) fields.push_back(as_nv(field));
    nghttp2_submit_trailer(session_, id, fields.data(), fields.size());
  }
  return static_cast<ssize_t>(taken);
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
    // Resets that a client provokes count like those it sends.
    if (!flood_guard_.allow_reset(now_)) give_up(NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  const bool may_end = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (!may_end || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  const Stream* stream = find(frame.hd.stream_id);
  if (stream == nullptr || stream->input_ended) return;
  // Answered before its end: the rest is not wanted, and not an error either (RFC 9113, 8.1).
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR);
}

void Http2Session::stream_closed(int32_t id) {
  streams_.erase(id);
  if (!streams_.empty()) return;
  idle_since_ = now_;
  deadline_ = std::min(deadline_, now_ + context_.limits.idle_timeout);
}

void Http2Session::set_deadline(Stream& stream, Tick when) {
  stream.deadline = when;
  deadline_ = std::min(deadline_, when);
}

void Http2Session::give_up(uint32_t error_code) {
  nghttp2_session_terminate_session(session_, error_code);
}

Stream* Http2Session::find(int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

}  // namespace

std::unique_ptr<Session> make_http2_session(const SessionContext& context, Tick now) {
  return std::make_unique<Http2Session>(context, now);
}

}  // namespace dualtrace::agent

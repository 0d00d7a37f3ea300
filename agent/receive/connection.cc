// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "agent/receive/receiver_metrics.h"
#include "agent/receive/worker.h"

namespace dualtrace::agent {
namespace {

using ErrorCode = boost::system::error_code;
using Wait = boost::asio::posix::stream_descriptor;

constexpr int kReadsPerTurn = 4;  // then the thread's other connections have their turn
constexpr auto kLingerTime = std::chrono::seconds(5);

}  // namespace

Connection::Connection(Worker& worker, Socket socket, std::unique_ptr<Transport> transport,
                       std::shared_ptr<Place> place)
    : worker_(worker),
      descriptor_(worker.io(), socket.release()),
      timer_(worker.io()),
      transport_(std::move(transport)),
      place_(std::move(place)),
      phase_deadline_(worker.now() + worker.context().limits.header_timeout) {}

void Connection::start() {
  wait_readable();
  arm_timer();
}

void Connection::drain() {
  if (!session_) return close();
  session_->drain(worker_.now());
  pump();
}

// The client gets an answer if its protocol defines one for this case. Requests that are being
// stored are still answered.
void Connection::displace() {
  if (phase_ == Phase::kClosed) return;
  worker_.context().metrics.given_up(GivenUp::kDisplaced);
  if (session_) drain();
  if (phase_ != Phase::kOpen || !session_ || session_->activity() != Activity::kStoring) close();
}

void Connection::queue() {
  if (!std::exchange(queued_, true)) worker_.queue(shared_from_this());
}

void Connection::take_turn() {
  queued_ = false;
  if (phase_ == Phase::kClosed) return;
  if (!output_.empty()) pump();
  read();
}

void Connection::close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  ErrorCode ignored;
  timer_.cancel(ignored);
  descriptor_.close(ignored);
  if (!settled_) worker_.settled();
  settled_ = true;
  worker_.closed(shared_from_this());
}

bool Connection::wants_input() const {
  if (phase_ == Phase::kClosed || input_ended_) return false;
  if (phase_ == Phase::kLingering || !session_) return true;
  return session_->wants_input() && output_.empty();
}

void Connection::read() {
  if (reading_ || awaiting_readable_) return;
  reading_ = true;
  read_until_blocked();
  reading_ = false;
}

void Connection::read_until_blocked() {
  for (int turn = 0; wants_input(); ++turn) {
    if (turn == kReadsPerTurn) return queue();
    const std::span<char> buffer = worker_.read_buffer();
    const Progress progress = transport_->read(buffer);
    switch (progress.kind) {
      case Progress::Kind::kBytes:
        received({buffer.data(), progress.bytes});
        if (!progress.more && wants_input()) return wait_readable();
        break;
      case Progress::Kind::kWantRead:
        return wait_readable();
      case Progress::Kind::kWantWrite:
        return wait_writable();
      case Progress::Kind::kEnd:
        return input_ended();
      case Progress::Kind::kBroken:
        if (!session_) worker_.context().metrics.given_up(GivenUp::kHandshake);
        return close();
    }
  }
}

void Connection::received(std::string_view bytes) {
  if (phase_ == Phase::kLingering) {  // only the rest of a request that was refused
    lingered_bytes_ += bytes.size();
    if (lingered_bytes_ > worker_.context().limits.request_bytes) close();
    return;
  }
  const Tick now = worker_.now();
  if (session_) {
    session_->consume(bytes, now);
    return pump();
  }
  first_bytes_.append(bytes);
  const std::optional<WireProtocol> protocol =
      transport_->agreed_on_http2() ? WireProtocol::kHttp2 : sniff(first_bytes_);
  if (!protocol) return;
  if (*protocol == WireProtocol::kHttp2 && !transport_->may_speak_http2()) {  // without ALPN
    worker_.context().metrics.given_up(GivenUp::kProtocol);
    return close();
  }
  SessionContext context = worker_.context();
  context.peer = place_->share();
  session_ = *protocol == WireProtocol::kHttp2 ? make_http2_session(context, now)
                                               : make_http1_session(context, now);
  session_->consume(std::exchange(first_bytes_, {}), now);
  pump();
}

void Connection::input_ended() {
  input_ended_ = true;
  if (!session_ || phase_ == Phase::kLingering) return close();
  session_->end_of_input(worker_.now());
  pump();
}

// Call after anything that changed the session: does what the session requires.
void Connection::pump() {
  if (phase_ != Phase::kOpen) return;
  move_output();
  if (phase_ != Phase::kOpen) return;
  place_->update(session_->activity(), worker_.now());
  if (output_.empty() && session_->finished()) return linger();
  arm_timer();
  read();
}

void Connection::move_output() {
  for (;;) {
    for (ReadyRequest& ready : session_->take_requests()) submit(std::move(ready));
    if (output_.empty()) output_ = session_->take_output();
    if (output_.empty() || !write_output()) return;
    session_->consume({}, worker_.now());  // it may have waited for its output to be written
  }
}

// True when all of output_ is written.
bool Connection::write_output() {
  while (output_sent_ < output_.size()) {
    const Progress progress = transport_->write(std::string_view(output_).substr(output_sent_));
    switch (progress.kind) {
      case Progress::Kind::kBytes:
        output_sent_ += progress.bytes;
        write_deadline_ = Tick::max();
        break;
      case Progress::Kind::kWantRead:
      case Progress::Kind::kWantWrite:
        write_deadline_ =
            std::min(write_deadline_, worker_.now() + worker_.context().limits.body_timeout);
        progress.kind == Progress::Kind::kWantRead ? wait_readable() : wait_writable();
        return false;
      case Progress::Kind::kEnd:
      case Progress::Kind::kBroken:
        close();
        return false;
    }
  }
  output_.clear();
  output_sent_ = 0;
  return true;
}

void Connection::submit(ReadyRequest ready) {
  worker_.context().intake.accept(std::move(ready.request),
                                  [weak = weak_from_this(), home = worker_.weak_from_this(),
                                   id = ready.id](const Status& status) {
                                    const std::shared_ptr<Worker> worker = home.lock();
                                    if (!worker) return;
                                    boost::asio::post(worker->io(), [weak, id, status] {
                                      if (const auto self = weak.lock()) self->answered(id, status);
                                    });
                                  });
}

void Connection::answered(uint64_t request_id, const Status& status) {
  if (phase_ != Phase::kOpen) return;
  session_->answer(request_id, status, worker_.now());
  if (pump_posted_) return;
  // One group commit answers many requests of a connection: one write sends them all.
  pump_posted_ = true;
  boost::asio::post(worker_.io(), [self = shared_from_this()] {
    self->pump_posted_ = false;
    self->pump();
  });
}

void Connection::linger() {
  if (input_ended_) return close();
  phase_ = Phase::kLingering;
  settled_ = true;
  worker_.settled();
  transport_->end_output();
  phase_deadline_ = worker_.now() + kLingerTime;
  arm_timer();
  read();
}

void Connection::wait_readable() {
  if (awaiting_readable_) return;
  awaiting_readable_ = true;
  descriptor_.async_wait(Wait::wait_read, [self = shared_from_this()](const ErrorCode& error) {
    self->awaiting_readable_ = false;
    if (!error && self->phase_ != Phase::kClosed) self->queue();
  });
}

void Connection::wait_writable() {
  if (awaiting_writable_) return;
  awaiting_writable_ = true;
  descriptor_.async_wait(Wait::wait_write, [self = shared_from_this()](const ErrorCode& error) {
    self->awaiting_writable_ = false;
    if (error || self->phase_ == Phase::kClosed) return;
    if (self->session_) self->pump();
    self->read();
  });
}

Tick Connection::deadline() const {
  const bool in_session = phase_ == Phase::kOpen && session_;
  return std::min(in_session ? session_->deadline() : phase_deadline_, write_deadline_);
}

// The timer is never set to an earlier time; if it fires too early, it is set again. That avoids
// resetting it at every request.
void Connection::arm_timer() {
  const Tick when = deadline();
  if (phase_ == Phase::kClosed || when >= timer_armed_until_) return;
  timer_armed_until_ = when;
  timer_.expires_at(when);
  timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (!error) self->timer_fired();
  });
}

void Connection::timer_fired() {
  timer_armed_until_ = Tick::max();
  if (queued_) read();  // data may have arrived in time but not been read yet
  if (phase_ == Phase::kClosed) return;
  const Tick now = worker_.now();
  if (now < deadline()) return arm_timer();
  if (phase_ == Phase::kLingering) return close();
  if (now >= write_deadline_ || !session_) {
    worker_.context().metrics.given_up(session_ ? GivenUp::kUnread : GivenUp::kSlow);
    return close();
  }
  session_->expire(now);
  pump();
  arm_timer();
}

}  // namespace dualtrace::agent

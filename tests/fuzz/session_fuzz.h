// SPDX-License-Identifier: Apache-2.0
#pragma once
// Drives a session of the receiver as a Connection would, on its own clock, and checks what
// must hold for any input. Used from one thread.

#include <algorithm>
#include <deque>

#include "agent/receive/receiver_metrics.h"
#include "agent/receive/session.h"
#include "common/error/check.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_intake.h"

namespace dualtrace::agent {

class FuzzedSession {
 public:
  FuzzedSession(std::unique_ptr<Session> (*make)(const SessionContext&, Tick), Intake& intake,
                const ReceiverLimits& limits, ReceiverMetrics& metrics)
      : limits_(limits), session_(make({intake, limits, metrics, clock_}, clock_.tick())) {}

  // Returns false if the session accepts no more bytes.
  bool feed(std::string_view bytes) {
    session_->consume(bytes, clock_.tick());
    collect();
    // Every second request waits for the next bytes, and every third is refused.
    if (!waiting_.empty() && ++fed_ % 2 == 0) answer_first();
    while (!session_->wants_input() && !waiting_.empty()) answer_first();
    clock_.advance(std::chrono::milliseconds(1));
    return !session_->finished();
  }
  void finish() {
    session_->end_of_input(clock_.tick());
    collect();
    while (!waiting_.empty()) answer_first();
    for (int i = 0; i < 10 && !session_->finished();
         ++i) {  // answers that the client does not read
      clock_.advance(limits_.body_timeout);
      session_->expire(clock_.tick());
      collect();
    }
    DT_CHECK(session_->finished());
  }

 private:
  void collect() {
    for (;;) {
      for (ReadyRequest& ready : session_->take_requests()) {
        DT_CHECK(ready.request.ticket.bytes() >= ready.request.body.size());
        waiting_.push_back(ready.id);
      }
      const std::string output = session_->take_output();
      DT_CHECK(output.size() < 1024 * 1024);
      if (output.empty()) return;
      session_->consume({}, clock_.tick());
    }
  }
  void answer_first() {
    const Status status =
        waiting_.front() % 3 == 0 ? Status(fail(ErrorKind::kUnavailable, "busy")) : Status();
    session_->answer(waiting_.front(), status, clock_.tick());
    waiting_.pop_front();
    collect();
  }

  const ReceiverLimits& limits_;
  FakeClock clock_;
  std::unique_ptr<Session> session_;
  std::deque<uint64_t> waiting_;
  size_t fed_ = 0;
};

inline void fuzz_session(std::unique_ptr<Session> (*make)(const SessionContext&, Tick),
                         std::string_view greeting, const uint8_t* data, size_t size) {
  if (size == 0) return;
  static MetricRegistry registry;
  static ReceiverMetrics metrics(registry);
  static const ReceiverLimits limits{.header_bytes = 2048};
  FakeIntake intake;
  {
    FuzzedSession session(make, intake, limits, metrics);
    std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const size_t step = data[0] == 0 ? input.size() + 1 : data[0];
    if (!greeting.empty()) session.feed(greeting);
    for (bool open = true; open && !input.empty();) {
      open = session.feed(input.substr(0, step));
      input.remove_prefix(std::min(step, input.size()));
    }
    session.finish();
  }
  DT_CHECK(intake.admission.bytes_admitted() == 0);
}

}  // namespace dualtrace::agent

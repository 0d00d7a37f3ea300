// SPDX-License-Identifier: Apache-2.0
#pragma once
// SessionFixture: a session between a test and a FakeIntake that admits requests but is not called:
// the test receives the requests and answers them itself. Used from one thread.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/receive/receiver_metrics.h"
#include "agent/receive/session.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_intake.h"

namespace dualtrace::agent {

class SessionFixture : public testing::Test {
 protected:
  using Maker = std::unique_ptr<Session> (*)(const SessionContext&, Tick);

  void open(Maker make) {
    session = make({intake, limits, metrics, clock}, clock.tick());
    requests.clear();
    output.clear();
  }
  // Feeds `bytes` in pieces of `step` bytes, as a Connection would.
  void feed(std::string_view bytes, size_t step = 1 << 20) {
    for (size_t i = 0; i < bytes.size(); i += step) {
      session->consume(bytes.substr(i, step), clock.tick());
      collect();
    }
  }
  void answer(uint64_t id, const Status& status = {}) {
    session->answer(id, status, clock.tick());
    collect();
  }
  void expire_after(Duration span) {
    clock.advance(span);
    if (clock.tick() >= session->deadline()) session->expire(clock.tick());
    collect();
  }
  void collect() {
    for (;;) {
      for (ReadyRequest& ready : session->take_requests()) requests.push_back(std::move(ready));
      const std::string bytes = session->take_output();
      if (bytes.empty()) return;
      output += bytes;
      session->consume({}, clock.tick());
    }
  }
  std::string take_output() { return std::exchange(output, {}); }

  FakeClock clock;
  FakeIntake intake;
  ReceiverLimits limits;
  MetricRegistry registry;
  ReceiverMetrics metrics{registry};
  std::unique_ptr<Session> session;
  std::vector<ReadyRequest> requests;
  std::string output;
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Trace: the last events of a run, recorded at almost no cost, to be printed when something is
// wrong; and Violation, which describes what is wrong. Used from one thread.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/time/clock.h"

namespace dualtrace::agent::sim {

// An invariant does not hold. Thrown through whatever code is running; the run is over.
struct Violation {
  std::string what;
};

class Trace {
 public:
  explicit Trace(const Clock& clock) : clock_(clock) {}

  void begin_step() { ++step_; }
  [[nodiscard]] uint64_t step() const { return step_; }
  // `what` is a literal; the end of `subject` is kept.
  void add(const char* what, std::string_view subject = {}, uint64_t a = 0, uint64_t b = 0);
  // Prints the last events to stderr, oldest first.
  void print(size_t events_max) const;

 private:
  struct Event {
    uint64_t step = 0;
    Tick tick;
    const char* what = nullptr;
    uint64_t a = 0;
    uint64_t b = 0;
    std::array<char, 40> subject{};
  };

  const Clock& clock_;
  uint64_t step_ = 0;
  uint64_t count_ = 0;
  std::array<Event, 16384> events_;
};

}  // namespace dualtrace::agent::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Gate: whether the lane may send. A failure closes it for a while; then one request at a time
// probes, and an answer to the probe opens it again. Requests that were in flight when it closed
// (or opened) are outdated and do not change it. Pure state, no clock. Used from one thread.

#include <cstdint>
#include <optional>

#include "common/time/clock.h"

namespace dualtrace::agent {

class Gate {
 public:
  enum class State { kOpen, kRetrying, kPaused };

  // Issued to each request and returned with its answer.
  struct Pass {
    uint64_t epoch = 0;
    bool probe = false;
  };

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool admits(Tick now) const;
  // When a closed gate admits a probe; nullopt while it is open or a probe is in flight.
  [[nodiscard]] std::optional<Tick> opens_at() const;
  // Consecutive failures that counted; a pause does not count.
  [[nodiscard]] uint32_t failures() const { return failures_; }

  // Call only if admits() was true.
  [[nodiscard]] Pass enter();
  // Call when the destination has processed the request, whatever it answered about the data.
  void passed(Pass pass);
  // Closes the gate. Returns whether the failure counted: an outdated answer only extends a wait
  // that has already begun, by the server's own hint.
  bool failed(Pass pass, State why, Tick now, Duration delay, std::optional<Duration> hint);
  // Call when something may have changed: probes at once if paused. A probe in flight may have used
  // the old credential; in that case, another one follows it.
  void nudge(Tick now);

 private:
  State state_ = State::kOpen;
  Tick until_{};
  bool probing_ = false;
  bool nudged_ = false;
  uint64_t epoch_ = 0;
  uint32_t failures_ = 0;
};

}  // namespace dualtrace::agent

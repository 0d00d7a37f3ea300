// SPDX-License-Identifier: Apache-2.0
#pragma once
// Gate: whether the lane may send. A failure closes it for a while; then one request at a time
// probes, and an answer to the probe opens it again. Requests that were under way when it closed
// (or opened) are old news and do not move it. Pure state, no clock. Used from one thread.

#include <cstdint>
#include <optional>

#include "common/time/clock.h"

namespace dualtrace::agent {

class Gate {
 public:
  enum class State { kOpen, kRetrying, kPaused };

  // Handed to each request, given back with its answer.
  struct Pass {
    uint64_t epoch = 0;
    bool probe = false;
  };

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool admits(Tick now) const;
  // When a closed gate lets a probe through; nullopt while open or while a probe is under way.
  [[nodiscard]] std::optional<Tick> opens_at() const;
  // Failures in a row that counted; a pause is none.
  [[nodiscard]] uint32_t failures() const { return failures_; }

  // admits() was true.
  [[nodiscard]] Pass enter();
  // The destination dealt with the request, whatever it said of the data.
  void passed(Pass pass);
  // Not now. Returns whether it counted: old news only lengthens a wait that is on already, by the
  // server's own hint.
  bool failed(Pass pass, State why, Tick now, Duration delay, std::optional<Duration> hint);
  // Something may have changed: probe at once if paused. A probe that is under way may have gone
  // out with the old credential; another one follows it then.
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

// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/gate.h"

#include <algorithm>
#include <utility>

#include "common/error/check.h"

namespace dualtrace::agent {

bool Gate::admits(Tick now) const { return state_ == State::kOpen || (!probing_ && now >= until_); }

std::optional<Tick> Gate::opens_at() const {
  if (state_ == State::kOpen || probing_) return std::nullopt;
  return until_;
}

Gate::Pass Gate::enter() {
  const bool probe = state_ != State::kOpen;
  DT_CHECK(!(probe && probing_));
  probing_ = probe;
  return {epoch_, probe};
}

void Gate::passed(Pass pass) {
  failures_ = 0;
  if (!pass.probe) return;
  state_ = State::kOpen;
  probing_ = false;
  nudged_ = false;
  ++epoch_;
}

bool Gate::failed(Pass pass, State why, Tick now, Duration delay, std::optional<Duration> hint) {
  if (pass.epoch != epoch_) {
    if (state_ != State::kOpen && hint) until_ = std::max(until_, now + std::min(*hint, delay));
    return false;
  }
  const bool again_at_once = std::exchange(nudged_, false) && why == State::kPaused;
  state_ = why;
  until_ = again_at_once ? now : now + delay;
  probing_ = false;
  failures_ = why == State::kPaused ? 0 : failures_ + 1;
  ++epoch_;
  return true;
}

void Gate::nudge(Tick now) {
  if (state_ != State::kPaused) return;
  if (probing_) {
    nudged_ = true;
  } else {
    until_ = now;
  }
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Expiry: drops the oldest records while a lane's backlog is too large or too old. Only here does a
// lane lose data that no destination has judged. Requests in flight are left alone; a huge unread
// backlog is read and settled one record at a time. Used from one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "agent/lane/lane_report.h"
#include "agent/lane/lane_status.h"
#include "agent/lane/outbox.h"
#include "agent/lane/source.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// Ages are differences of the wall clock, which people and NTP set. After the clock has jumped
// forward, nothing counts as too old for as long as a span may wait, so that a corrected clock does
// not cost the backlog. (A jump while no process runs goes unnoticed.)
class AgeLimit {
 public:
  // `seen` is what the previous lane knew about the clock. `clock` must outlive the AgeLimit.
  AgeLimit(Duration age_max, const Clock& clock, const std::optional<SeenClock>& seen);

  // Records that arrived before this time are too old. Call it often: a jump is detected from the
  // time between two calls.
  [[nodiscard]] WallTime oldest_allowed();
  [[nodiscard]] const SeenClock& seen() const { return seen_; }

 private:
  const Duration age_max_;
  const Clock& clock_;
  SeenClock seen_;
};

struct ExpiryLimits {
  uint64_t backlog_bytes_max = 0;
  WallTime oldest_allowed{};
};

struct Expired {
  uint64_t spans = 0;
  bool more = false;  // it stopped after its share of work: call it again soon
};

Expired expire(std::vector<std::unique_ptr<Source>>& sources, Outbox& outbox,
               const ExpiryLimits& limits, LaneReport& report);

}  // namespace dualtrace::agent

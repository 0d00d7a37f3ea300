// SPDX-License-Identifier: Apache-2.0
#pragma once
// Evidence: what the answers to other requests show about a failure. A failure alone proves
// nothing: the destination, the credential or something in between may be the cause. It counts
// against a batch only in contrast, if requests sent after it were delivered. The more often this
// destination fails for all batches, the more often a batch must fail before it is suspected.
// Pure state, no clock. Used from one thread (the lane's).

#include <algorithm>
#include <cstdint>

#include "agent/lane/batch_history.h"
#include "agent/send/exporter.h"

namespace dualtrace::agent {

class Evidence {
 public:
  // After this many refusals without a delivery in between, the data is not the cause.
  static constexpr uint32_t kRefusalsToDoubt = 5;
  // After more consecutive failures than this, the destination is the cause.
  static constexpr uint32_t kFailuresToPresume = 2;

  // Call with the answer to request `number`; `history` is its batch's, before the answer.
  void delivered(uint64_t number, const BatchHistory& history);
  // Adds the failure to the history and returns whether it is in contrast: another request that was
  // sent after the batch's last failure was delivered. The lane has sent `requests` so far.
  bool failed(const Outcome& outcome, BatchHistory& history, uint64_t requests);

  // How many consecutive refusals, without a delivery, exceed what the data can cause.
  [[nodiscard]] uint32_t doubts() const {
    return refusals_ - std::min(refusals_, kRefusalsToDoubt - 1);
  }
  // Whether the refusals concern only a few batches and their parts.
  [[nodiscard]] bool few_batches_refused() const { return batches_refused_ < kRefusalsToDoubt; }
  [[nodiscard]] uint64_t last_delivered() const { return last_delivered_; }
  // Whether others were delivered just before: the first failures are then more likely caused by
  // their batches than by the beginning of an outage.
  [[nodiscard]] bool others_passed_lately() const {
    return last_delivered_ > 0 && failures_in_a_row_ <= kFailuresToPresume;
  }
  // Failures in contrast before a batch is cut, and before a span is set aside.
  [[nodiscard]] uint32_t strikes_to_cut() const;
  [[nodiscard]] uint32_t strikes_to_set_aside() const;
  // Refusals in contrast, each by a verdict, before a span is dead-lettered.
  [[nodiscard]] uint32_t verdicts_needed() const;

 private:
  uint64_t last_delivered_ = 0;  // highest number
  uint32_t refusals_ = 0;
  uint32_t batches_refused_ = 0;  // whole ones, for the first time, since the last delivery
  uint32_t failures_in_a_row_ = 0;
  double failure_rate_ = 0;    // of batches that are not suspected, recently
  double wrong_verdicts_ = 0;  // how often something refused was later delivered unchanged
};

}  // namespace dualtrace::agent

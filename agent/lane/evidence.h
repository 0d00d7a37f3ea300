// SPDX-License-Identifier: Apache-2.0
#pragma once
// Evidence: what the answers to other requests say about a failure. A failure alone says nothing:
// the destination, the credential or something on the way may be at fault. It is held against a
// batch only by contrast, when requests sent after it were delivered; and the more often this
// destination fails for everybody, the more often a batch must fail before it is suspected.
// Pure state, no clock. Used from one thread (the lane's).

#include <algorithm>
#include <cstdint>

#include "agent/lane/batch_history.h"
#include "agent/send/exporter.h"

namespace dualtrace::agent {

class Evidence {
 public:
  // After so many refusals with nothing delivered in between, it is not the data.
  static constexpr uint32_t kRefusalsToDoubt = 5;
  // After more failures in a row than these it is the destination.
  static constexpr uint32_t kFailuresToPresume = 2;

  // The answer to request `number`; `history` is its batch's, before the answer.
  void delivered(uint64_t number, const BatchHistory& history);
  // Puts the failure into the history and says whether it stands in contrast: another request that
  // was sent after the batch's last failure was delivered. The lane has sent `requests` so far.
  bool failed(const Outcome& outcome, BatchHistory& history, uint64_t requests);

  // How many refusals in a row, without a delivery, go beyond what can be the data's fault.
  [[nodiscard]] uint32_t doubts() const {
    return refusals_ - std::min(refusals_, kRefusalsToDoubt - 1);
  }
  // The refusals are of few batches and their parts.
  [[nodiscard]] bool few_batches_refused() const { return batches_refused_ < kRefusalsToDoubt; }
  [[nodiscard]] uint64_t last_delivered() const { return last_delivered_; }
  // Others passed just before, so that the first failures are more likely those of their batches
  // than the beginning of an outage.
  [[nodiscard]] bool others_passed_lately() const {
    return last_delivered_ > 0 && failures_in_a_row_ <= kFailuresToPresume;
  }
  // Failures in contrast before a batch is cut, and before a span is set aside.
  [[nodiscard]] uint32_t strikes_to_cut() const;
  [[nodiscard]] uint32_t strikes_to_set_aside() const;
  // Refusals in contrast, each by a verdict, before a span is given up.
  [[nodiscard]] uint32_t verdicts_needed() const;

 private:
  uint64_t last_delivered_ = 0;  // highest number
  uint32_t refusals_ = 0;
  uint32_t batches_refused_ = 0;  // whole ones, for the first time, since the last delivery
  uint32_t failures_in_a_row_ = 0;
  double failure_rate_ = 0;    // of batches that are not suspected, lately
  double wrong_verdicts_ = 0;  // how often what was refused passed later, as it was
};

}  // namespace dualtrace::agent

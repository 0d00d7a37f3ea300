// SPDX-License-Identifier: Apache-2.0
#pragma once
// BatchHistory: the past events of a batch that matter for the next decision. evidence.h writes it
// and retry.h reads it; the halves of a batch inherit part of it. Immutable except for its owner.

#include <cstdint>

#include "agent/send/exporter.h"

namespace dualtrace::agent {

struct BatchHistory {
  uint32_t spans = 0;
  // Failures in contrast: each followed by the delivery of another request that was sent after it.
  // An outage counts as one strike, no matter how long it lasts.
  uint32_t strikes = 0;
  uint32_t verdicts = 0;             // strikes that were verdicts, since it was last cut
  uint64_t requests_at_failure = 0;  // how many the lane had sent at the last strike; 0: none yet
  uint32_t time_outs = 0;            // in a row
  uint32_t unweighed = 0;    // failures since the last strike, with nothing to compare them to
  uint32_t times_aside = 0;  // how often it was set aside
  bool suspect = false;      // fails while others pass: it waits on its own, with a limited share
  bool inspected = false;    // checked for defects that explain a refusal
  bool defective = false;    // such defects were found in all its spans
  bool uncuttable = false;

  [[nodiscard]] bool can_be_cut() const { return spans > 1 && !uncuttable; }
  bool operator==(const BatchHistory&) const = default;
};

[[nodiscard]] BatchHistory history_of_half(const BatchHistory& parent, uint32_t spans);

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ledger: the equation that every lane's counts satisfy at every moment,
//   accepted = delivered + rejected + dead-lettered + expired + filtered + backlog.
// If they do not, the lane has lost count of spans, and the gauge dualtrace_ledger_balanced shows
// it. Pure.

#include <vector>

#include "agent/journal/journal_lane.h"
#include "agent/observe/snapshot.h"

namespace dualtrace::agent {

[[nodiscard]] bool balanced(const LaneBooks& books);
[[nodiscard]] bool balanced(const std::vector<LaneSnapshot>& lanes);

// The words under which spans are counted in the end, with their counts, for listing.
struct LedgerWord {
  const char* name;
  uint64_t SpanCounts::*count;
};
inline constexpr LedgerWord kLedgerWords[] = {
    {"delivered", &SpanCounts::delivered},         {"rejected", &SpanCounts::rejected},
    {"dead_lettered", &SpanCounts::dead_lettered}, {"expired", &SpanCounts::expired},
    {"filtered", &SpanCounts::filtered},
};

}  // namespace dualtrace::agent

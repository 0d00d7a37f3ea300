// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/ledger.h"

#include <algorithm>

namespace dualtrace::agent {

bool balanced(const LaneBooks& books) {
  return books.accepted == books.settled.sum() + books.backlog_spans;
}

bool balanced(const std::vector<LaneSnapshot>& lanes) {
  return std::all_of(lanes.begin(), lanes.end(),
                     [](const LaneSnapshot& lane) { return balanced(lane.status.books); });
}

}  // namespace dualtrace::agent

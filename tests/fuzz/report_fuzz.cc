// SPDX-License-Identifier: Apache-2.0
// Whatever an agent answers, it is rejected or is a report within the limits, which reads back
// unchanged from its own JSON.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/error/check.h"
#include "common/report/report.h"

using namespace dualtrace::report;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto agent = parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!agent) return 0;
  DT_CHECK(agent->lanes.size() <= kLanesMax && agent->journals.size() <= kJournalsMax);
  for (const Lane& lane : agent->lanes) {
    DT_CHECK(lane.name.size() <= kWordBytesMax && lane.state.text().size() <= kWordBytesMax);
    DT_CHECK(!lane.last_error || lane.last_error->message.size() <= kTextBytesMax);
  }
  const std::string json = to_json(*agent);
  DT_CHECK(json.size() <= kReportBytesMax);
  const auto again = parse(json);
  DT_CHECK(again && *again == *agent);
  return 0;
}

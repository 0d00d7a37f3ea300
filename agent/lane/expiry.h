#pragma once
// Expiry: drops the oldest records while a lane has too much waiting, or waiting for too long. It
// is the only way in which a lane loses data that no destination has judged. What is in flight is
// left alone; a huge unread backlog is read and settled one record at a time. Used from one thread.

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/lane/lane_report.h"
#include "agent/lane/outbox.h"
#include "agent/lane/source.h"

namespace dualtrace::agent {

struct ExpiryLimits {
  uint64_t backlog_bytes_max = 0;
  Duration age_max{0};
};

struct Expired {
  uint64_t spans = 0;
  bool more = false;  // it stopped because it has worked for long enough: call it again soon
};

Expired expire(std::vector<std::unique_ptr<Source>>& sources, Outbox& outbox,
               const ExpiryLimits& limits, WallTime now, LaneReport& report);

}  // namespace dualtrace::agent

#include "agent/lane/lane_status.h"

#include "common/error/check.h"

namespace dualtrace::agent {

std::string_view to_string(LaneState state) {
  switch (state) {
    case LaneState::kIdle:
      return "Idle";
    case LaneState::kDelivering:
      return "Delivering";
    case LaneState::kRetrying:
      return "Retrying";
    case LaneState::kPaused:
      return "Paused";
  }
  DT_CHECK(false);
  return {};
}

}  // namespace dualtrace::agent

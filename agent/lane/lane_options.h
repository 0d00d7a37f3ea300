// SPDX-License-Identifier: Apache-2.0
#pragma once
// LaneOptions: configures one lane. The defaults are those of the configuration
// (common/config/schema.cc); nothing repeats them here. Used by agent/app, and by tests that change
// a few of them.
// Immutable once the lane has them.

#include <cstdint>
#include <memory>
#include <string>

#include "agent/lane/lane_status.h"
#include "agent/lane/shared_bodies.h"
#include "common/config/agent_config.h"
#include "common/time/backoff.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct LaneOptions {
  // Options for a lane that has no predecessor and shares no bodies.
  LaneOptions(std::string lane_name, const DeliveryConfig& delivery);

  std::string name;
  size_t batch_bytes_target;
  size_t batch_bytes_max;
  Duration linger;         // of a batch after a pause
  Duration steady_linger;  // of one that follows another
  uint32_t requests_in_flight_max;
  Duration request_timeout;
  Backoff backoff;
  Duration pause_probe_interval;
  uint64_t backlog_bytes_max;  // delivery.maxBacklog
  Duration age_max;            // delivery.maxAge
  // The same object for all lanes that may send the same bytes.
  std::shared_ptr<SharedBodies> bodies = std::make_shared<SharedBodies>(1);
  LaneLegacy legacy{};  // of the lane that this one takes over from
};

}  // namespace dualtrace::agent

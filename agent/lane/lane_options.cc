// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/lane_options.h"

#include <utility>

namespace dualtrace::agent {
namespace {

// 500 ms if delivery.linger is 200 ms: people who read spans in Arize expect them within a second.
constexpr double kSteadyLingers = 2.5;

}  // namespace

LaneOptions::LaneOptions(std::string lane_name, const DeliveryConfig& delivery)
    : name(std::move(lane_name)),
      batch_bytes_target(delivery.batch_bytes),
      batch_bytes_max(delivery.batch_bytes_max),
      linger(delivery.linger),
      steady_linger(std::chrono::duration_cast<Duration>(kSteadyLingers * delivery.linger)),
      requests_in_flight_max(delivery.requests_in_flight),
      request_timeout(delivery.request_timeout),
      backoff{.base = delivery.retry_base, .max = delivery.retry_max},
      pause_probe_interval(delivery.pause_probe),
      backlog_bytes_max(delivery.max_backlog),
      age_max(delivery.max_age) {}

}  // namespace dualtrace::agent

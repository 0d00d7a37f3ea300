// SPDX-License-Identifier: Apache-2.0
#pragma once
// ReceiverMetrics: the receiver's counters, looked up once. docs/metrics.md describes them.
// Thread-safe.

#include <array>
#include <atomic>
#include <memory>

#include "agent/receive/reply.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// Why a connection is ended without an answer that gives the reason.
enum class GivenUp {
  kFlood,      // frames, resets or headers above what is allowed
  kProtocol,   // not HTTP/2
  kSlow,       // the first request does not begin in time
  kUnread,     // the client does not read what it is sent
  kHandshake,  // broken before the first request: TLS that fails, a reset
  kDisplaced,  // its peer had most of the connections, and another client had none
};

class ReceiverMetrics {
 public:
  explicit ReceiverMetrics(MetricRegistry& registry);

  // One request was answered; `took` is the time since its headers were complete.
  void replied(const Reply& reply, Duration took);
  void received(size_t body_bytes) { bytes_.add(static_cast<double>(body_bytes)); }
  void connection_refused() { connections_refused_.increment(); }
  void given_up(GivenUp reason) { given_up_.at(static_cast<size_t>(reason))->increment(); }

  // Open connections of all threads: the gauge, and what the limit is checked against.
  [[nodiscard]] std::atomic<size_t>& connections() { return *connections_; }

 private:
  struct HttpCode {
    int status;
    Counter* counter;
  };

  std::array<Counter*, 17> grpc_{};     // by code
  std::vector<HttpCode> http_;          // the last one, status 0, counts all others
  std::array<Counter*, 6> given_up_{};  // by GivenUp
  Counter& bytes_;
  Counter& connections_refused_;
  Histogram& seconds_;
  std::shared_ptr<std::atomic<size_t>> connections_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace dualtrace::agent

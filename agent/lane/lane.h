// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lane: the asynchronous path to one destination on one screen: read → batch → send → settle. It
// lives on its own scheduler (one thread in production) as a plain single-threaded object: exporter
// answers and journal notifications are posted there.
//
// Flow: records are read ahead from each journal, batched by bytes and age, and sent with several
//   requests in flight; each answer becomes one step of retry.h's decide().
// Guarantees: every record read is settled exactly once; a resend is byte for byte the same; a lane
//   never waits for another lane.
// Limits: bytes and requests in flight; dead letters by bytes and count.
// Errors: kRetry gates the whole lane (one probing request) with backoff or the server's hint;
//   kPause the same, slowly; kSplit and kRefuse cut down to the span; what is left is
//   dead-lettered.
// All public calls are thread-safe and only post, except status() and legacy().

#include <functional>
#include <memory>
#include <string>

#include "agent/journal/journal.h"
#include "agent/lane/lane_status.h"
#include "agent/lane/shared_bodies.h"
#include "agent/send/exporter.h"
#include "common/metric/metric.h"
#include "common/random/random.h"
#include "common/time/backoff.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

class DeadLetters;

struct LaneOptions {
  std::string name;
  size_t batch_bytes_target = 1024 * 1024;
  // Below gRPC's default limit of 4 MiB, resource headers included.
  size_t batch_bytes_max = 3'900'000;
  Duration linger = std::chrono::milliseconds(200);         // of a batch after a pause
  Duration steady_linger = std::chrono::milliseconds(200);  // of one that follows another
  uint32_t requests_in_flight_max = 4;
  Duration request_timeout = std::chrono::seconds(30);
  Backoff backoff{};
  Duration pause_probe_interval = std::chrono::seconds(30);
  uint64_t backlog_bytes_max = 4ULL << 30;    // delivery.maxBacklog
  Duration age_max = std::chrono::hours(72);  // delivery.maxAge
  // The same object for all lanes that may send the same bytes.
  std::shared_ptr<SharedBodies> bodies = std::make_shared<SharedBodies>(1);
  LaneLegacy legacy{};  // of the lane that this one takes over from
};

class Lane {
 public:
  virtual ~Lane() = default;
  // Makes the lane read this journal, from the first record that is not settled. The journal is in
  // use until `drained` was called (on the lane's scheduler, once, when everything published is
  // settled and synced) or the scheduler stopped. The process's own journal is passed with an empty
  // `drained` and is never released.
  virtual void add_journal(Journal& journal, std::function<void()> drained) = 0;
  // Credentials may have changed: probe at once if paused.
  virtual void nudge() = 0;
  // Stops sending and calls `idle` on the lane's scheduler as soon as no request is in flight,
  // nothing is being carried over, and everything settled is synced (at once if so). Then another
  // lane can take over.
  virtual void halt(std::function<void()> idle) = 0;
  // Sends what waits without lingering; calls `drained` on the lane's scheduler as soon as nothing
  // waits (at once if so). Part of the shutdown.
  virtual void drain(std::function<void()> drained) = 0;
  [[nodiscard]] virtual LaneStatus status() const = 0;
  // For the lane that takes over. Called when the lane's scheduler is stopped.
  [[nodiscard]] virtual LaneLegacy legacy() const = 0;
};

// All references outlive the lane; its scheduler is stopped before it is destroyed. The scheduler
// also outlives the exporter: after it is stopped, it drops what the exporter still posts. The
// journals may call back even later than that.
std::unique_ptr<Lane> make_lane(LaneOptions options, Exporter& exporter, DeadLetters& dead_letters,
                                Scheduler& scheduler, Random random, MetricRegistry& metrics);

}  // namespace dualtrace::agent

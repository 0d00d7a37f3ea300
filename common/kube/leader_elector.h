// SPDX-License-Identifier: Apache-2.0
#pragma once
// LeaderElector: elects one of several processes with a coordination.k8s.io Lease, as in client-go:
// another holder's lease expires leaseDurationSeconds after *we* last saw it change, so wall clocks
// do not matter. Used by operator/app.
//
// Guarantees: leading() is true in at most one process at a time, as long as clocks run at about
// the same rate: a leader that could not renew for renew_deadline stops leading by its own clock,
// before its lease expires for the others after lease_duration.
// Assumptions: calls of `api` end within half of renew_deadline, so that a hung call can be retried
// in time: give the elector its own client.
// Thread-safe. `started` and `stopped` are called on the elector's own thread: they must not block,
// because the lease is not renewed meanwhile, and must not end the election.

#include <functional>
#include <memory>
#include <string>

#include "common/error/result.h"
#include "common/kube/api.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::kube {

class LeaderElector {
 public:
  struct Options {
    ObjectKey lease;
    std::string identity;  // unique to this process: host name and a random part
    Duration lease_duration = std::chrono::seconds(15);
    Duration renew_deadline = std::chrono::seconds(10);
    Duration retry_period = std::chrono::seconds(2);
  };
  struct Callbacks {
    std::function<void()> started;
    // Leadership was lost and will not be sought again: the process must exit.
    std::function<void(const Error&)> stopped;
  };

  // kInvalid unless lease_duration > renew_deadline > 1.2 * retry_period. The references outlive
  // it.
  static Result<std::unique_ptr<LeaderElector>> start(Options options, Api& api, Clock& clock,
                                                      uint64_t seed, MetricRegistry& metrics,
                                                      Callbacks callbacks);
  // Ends without releasing.
  virtual ~LeaderElector() = default;

  // Called before every write: the lease was renewed less than renew_deadline ago.
  [[nodiscard]] virtual bool leading() const = 0;
  // For /livez: false if this process should lead and has not renewed for much too long.
  [[nodiscard]] virtual bool healthy() const = 0;
  // Releases the lease, so that another process takes over immediately. Call it only after all
  // guarded work has ended. Stops the election; idempotent.
  virtual void release() = 0;
};

}  // namespace dualtrace::kube

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Operator: the composition root, the only place that knows every concrete type. It reads as a list
// of "producer → consumer", in the order in which a change travels:
//   ApiClient → Informers → Triggers → WorkQueue → Controller → Reconciler → FencedApi → ApiClient
// Everything up to the queue runs in each process; everything after it only in the leader.
// main.cc starts it, waits for a signal and stops it.
// Used from one thread.

#include <cstdint>
#include <memory>
#include <string>

#include "common/error/result.h"
#include "operator/app/environment.h"
#include "operator/app/options.h"

namespace dualtrace::ctl {

class Operator {
 public:
  // Returns before the initial lists are complete; /readyz reports when they are. Fails on problems
  // that a person must fix: the kubeconfig, the address to listen on. Later, it exits the process
  // with 1 if the lists are not complete in time, and if it loses the lease, because work in
  // progress cannot be recalled.
  static Result<std::unique_ptr<Operator>> start(Options options, const Environment& environment,
                                                 const std::string& version);
  virtual ~Operator() = default;

  // Starts no more work, waits for work in progress, releases the lease. Fails if work did not end
  // within --shutdown-grace: the lease is then kept, and the process must exit immediately, without
  // the destructor, which would keep waiting. Idempotent.
  virtual Status stop() = 0;
  [[nodiscard]] virtual uint16_t port() const = 0;
};

}  // namespace dualtrace::ctl

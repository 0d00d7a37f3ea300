// SPDX-License-Identifier: Apache-2.0
#pragma once
// Operator: the composition root, the one place that knows every concrete type. It reads as a list
// "producer → consumer", in the order of the way of a change:
//   ApiClient → Informers → Triggers → WorkQueue → Controller → Reconciler → FencedApi → ApiClient
// Everything up to the queue runs in each process; what is behind it only in the one that leads.
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
  // Returns while it still lists what there is; /readyz tells when it has. Fails on what a person
  // must mend: the kubeconfig, the address to listen on. Later it ends the process, with 1: when it
  // cannot list in time, and when it loses the lease, because what is in work cannot be called
  // back.
  static Result<std::unique_ptr<Operator>> start(Options options, const Environment& environment,
                                                 const std::string& version);
  virtual ~Operator() = default;

  // Begins no more work, waits for what is in hand, gives the lease back. An error when work did
  // not end within --shutdown-grace: the lease is kept then, and the process is to end at once,
  // without the destructor, which would wait on. Idempotent.
  virtual Status stop() = 0;
  [[nodiscard]] virtual uint16_t port() const = 0;
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reflector: keeps a Shelf in sync with the API server's objects of one selection. The logic is in
// watch.h's pure state machine; this class runs it: it calls ListWatch, keeps the timers, feeds the
// shelf. Objects are read and trimmed on the client's thread, one by one, so that only their kept
// parts wait for the scheduler.
// start(), synced() and failure() are thread-safe; everything else happens on the scheduler.

#include <memory>
#include <optional>

#include "common/kube/list_watch.h"
#include "common/kube/shelf.h"
#include "common/metric/metric.h"
#include "common/time/scheduler.h"

namespace dualtrace::kube {

class Reflector {
 public:
  struct Options {
    Selection selection;
    // The limit for unprocessed bytes of a watch that is faster than the scheduler. At the limit, a
    // list replaces the watch.
    size_t unread_bytes_max = 32 << 20;
  };
  // All references outlive the reflector. The scheduler is stopped before the reflector is
  // destroyed, and outlives late callbacks of `api`: once stopped, it drops them.
  Reflector(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
            MetricRegistry& metrics, std::shared_ptr<Shelf> shelf);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void start();
  // Whether the shelf has held a whole list; never reset.
  [[nodiscard]] bool synced() const;
  // Why nothing can be read at the moment; nullopt if the last request succeeded, or has just
  // started.
  [[nodiscard]] std::optional<Error> failure() const;

 private:
  class Body;
  const std::shared_ptr<Body> body_;
};

}  // namespace dualtrace::kube

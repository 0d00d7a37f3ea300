// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reflector: keeps a Shelf equal to what the API server has of one selection. The thinking is in
// watch.h's pure state machine; this is its body: it calls ListWatch, keeps the timers, feeds the
// shelf. Objects are read and trimmed on the client's thread, one by one, so that only what is kept
// of them waits for the scheduler.
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
    // Of a watch that is faster than the scheduler, as they come from the network; at the limit a
    // list takes its place.
    size_t unread_bytes_max = 32 << 20;
  };
  // All references outlive the reflector; the scheduler is stopped before it is destroyed, and
  // outlives what `api` still calls: stopped, it drops that.
  Reflector(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
            MetricRegistry& metrics, std::shared_ptr<Shelf> shelf);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void start();
  // Whether the shelf has held a whole list yet; from then on for ever.
  [[nodiscard]] bool synced() const;
  // Why nothing can be read at the moment; nullopt when the last request went well, or has just
  // begun.
  [[nodiscard]] std::optional<Error> failure() const;

 private:
  class Body;
  const std::shared_ptr<Body> body_;
};

}  // namespace dualtrace::kube

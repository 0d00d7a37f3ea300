// SPDX-License-Identifier: Apache-2.0
#pragma once
// Informer: keeps a Store in sync with the API server's objects of one selection, and calls a
// listener for each change. It is a Reflector whose shelf is that Store. Used by operator/app, one
// for each kind (and watched namespace).
// start(), synced(), failure() and store() are thread-safe; everything else happens on the
// scheduler.

#include <functional>
#include <memory>
#include <optional>

#include "common/kube/list_watch.h"
#include "common/kube/reflector.h"
#include "common/kube/store.h"
#include "common/metric/metric.h"
#include "common/time/scheduler.h"

namespace dualtrace::kube {

// An object was created, changed (before and after) or deleted (after is nullptr). Changes that
// were missed while the watch was disconnected are reported after the next list, deletions with the
// last known state.
struct Change {
  ObjectKey key;
  ObjectPointer before;
  ObjectPointer after;
};

class Informer {
 public:
  struct Options {
    Selection selection;
    Store::Index index{};
    size_t unread_bytes_max = Reflector::Options{}.unread_bytes_max;
  };
  // Called on the scheduler, after the store shows the change, also for the first list; must not
  // block.
  using Listener = std::function<void(const Change&)>;

  // As in Reflector.
  Informer(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
           MetricRegistry& metrics, Listener listener);
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  void start() { reflector_.start(); }
  // Whether the store has held a whole list, and the listener was called for all of it; never
  // reset.
  [[nodiscard]] bool synced() const { return reflector_.synced(); }
  [[nodiscard]] std::optional<Error> failure() const { return reflector_.failure(); }
  [[nodiscard]] const Store& store() const;

 private:
  class StoreShelf;
  const std::shared_ptr<StoreShelf> shelf_;
  Reflector reflector_;
};

}  // namespace dualtrace::kube

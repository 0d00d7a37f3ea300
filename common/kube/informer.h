// SPDX-License-Identifier: Apache-2.0
#pragma once
// Informer: keeps a Store equal to what the API server has of one selection, and tells a listener
// of each change. A Reflector with such a shelf. Used by operator/app, one for each kind (and
// watched namespace).
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

// An object came, changed (before and after) or went (after is nullptr). What was missed while the
// watch was torn is told after the next list, deletions with the last state that was known.
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
  // On the scheduler, after the store shows it; must not block. For the first list, too.
  using Listener = std::function<void(const Change&)>;

  // As Reflector's.
  Informer(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
           MetricRegistry& metrics, Listener listener);
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  void start() { reflector_.start(); }
  // Whether the store has held a whole list yet, and the listener heard of all of it; from then on
  // for ever.
  [[nodiscard]] bool synced() const { return reflector_.synced(); }
  [[nodiscard]] std::optional<Error> failure() const { return reflector_.failure(); }
  [[nodiscard]] const Store& store() const;

 private:
  class StoreShelf;
  const std::shared_ptr<StoreShelf> shelf_;
  Reflector reflector_;
};

}  // namespace dualtrace::kube

#pragma once
// Informer: keeps a Store equal to what the API server has of one selection, and tells a listener
// of each change. The thinking is in watch.h's pure state machine; this is its body: it calls
// ListWatch, keeps the timers, feeds the store. Used by operator/app, one for each kind (and
// watched namespace).
// start(), synced() and store() are thread-safe; everything else happens on the scheduler.

#include <atomic>
#include <functional>
#include <memory>

#include "common/kube/list_watch.h"
#include "common/kube/store.h"
#include "common/metric/metric.h"
#include "common/random/random.h"
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
    // Takes out of an object what need not be kept; metadata.{namespace,name,uid,resourceVersion}
    // stay. It sees managedFields, which are never kept.
    std::function<void(Json&)> trim{};
    Store::Index index{};
    // Of a watch that is faster than the scheduler; at the limit a list takes its place.
    size_t unread_bytes_max = 32 << 20;
  };
  // On the scheduler, after the store shows it; must not block. For the first list, too.
  using Listener = std::function<void(const Change&)>;

  // All references outlive the informer; the scheduler is stopped before it is destroyed, and
  // outlives what `api` still calls: stopped, it drops that.
  Informer(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
           MetricRegistry& metrics, Listener listener);
  ~Informer();
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  void start();
  // Whether the store has held a whole list yet, and the listener heard of all of it; from then on
  // for ever.
  [[nodiscard]] bool synced() const;
  [[nodiscard]] const Store& store() const;

 private:
  class Body;
  const std::shared_ptr<Body> body_;
};

}  // namespace dualtrace::kube

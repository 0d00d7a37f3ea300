// SPDX-License-Identifier: Apache-2.0
#pragma once
// WorkQueue: keys on their way from triggers to workers. The rules are KeyQueue's; this adds the
// lock, the waiting and client-go's metrics (workqueue_*). Listeners of informers add, the
// controller's workers pop.
// Thread-safe.

#include <optional>
#include <string>

#include "common/kube/object.h"
#include "common/metric/metric.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"
#include "operator/control/key_queue.h"

namespace dualtrace::ctl {

class WorkQueue {
 public:
  // `name` is the metrics' label. The references outlive it, and it outlives metrics.text().
  WorkQueue(const std::string& name, Clock& clock, MetricRegistry& metrics);
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void add(const kube::ObjectKey& key);
  void add_after(const kube::ObjectKey& key, Duration delay);
  // Growing delays for a key that fails; returns this one.
  Duration retry(const kube::ObjectKey& key, Duration at_least);
  // It did not fail, or it is another thing now: the delays begin again.
  void forget(const kube::ObjectKey& key);

  // Waits for a key; nothing after shut_down(). Each is given back by done().
  std::optional<kube::ObjectKey> pop();
  // The same without waiting.
  std::optional<kube::ObjectKey> try_pop();
  void done(const kube::ObjectKey& key);

  // Takes no more and hands out no more: what waits is left for the next leader. Idempotent.
  void shut_down();
  // Waits for what is in work; false when it was not done by then.
  bool wait_until_drained(Tick deadline);

 private:
  std::optional<KeyQueue::Taken> take() DT_REQUIRES(mutex_);
  void publish(const MetricLabels& labels, MetricRegistry& metrics);

  Clock& clock_;
  Counter& retries_;
  Histogram& queue_duration_;
  Histogram& work_duration_;

  mutable Mutex mutex_;
  CondVar changed_;
  KeyQueue keys_ DT_GUARDED_BY(mutex_);
  bool stopping_ DT_GUARDED_BY(mutex_) = false;
};

}  // namespace dualtrace::ctl

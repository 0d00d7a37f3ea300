// SPDX-License-Identifier: Apache-2.0
#pragma once
// WorkQueue: keys on their way from triggers to workers. KeyQueue has the rules; this adds the
// lock, the waiting and client-go's metrics (workqueue_*). The informers' listeners add keys, the
// controller's workers pop them.
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
  // Adds a failed key again with backoff; returns the delay.
  Duration retry(const kube::ObjectKey& key, Duration at_least);
  // It succeeded, or it has changed: resets the backoff.
  void forget(const kube::ObjectKey& key);

  // Waits for a key; nullopt after shut_down(). Call done() for each key.
  std::optional<kube::ObjectKey> pop();
  // The same, without waiting.
  std::optional<kube::ObjectKey> try_pop();
  void done(const kube::ObjectKey& key);

  // Accepts and hands out no more keys: the next leader handles the waiting ones. Idempotent.
  void shut_down();
  // Waits for keys being processed; returns false if they are not done by the deadline.
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

// SPDX-License-Identifier: Apache-2.0
#include "operator/control/work_queue.h"

#include <algorithm>
#include <vector>

namespace dualtrace::ctl {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// As in client-go: from ten nanoseconds to a thousand seconds.
const std::vector<double>& duration_bounds() {
  static const std::vector<double> bounds{1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3,
                                          1e-2, 1e-1, 1,    10,   100,  1000};
  return bounds;
}

}  // namespace

WorkQueue::WorkQueue(const std::string& name, Clock& clock, MetricRegistry& metrics)
    : clock_(clock),
      retries_(metrics.counter("workqueue_retries_total", "Keys added again after a failure.",
                               {{"name", name}})),
      queue_duration_(metrics.histogram("workqueue_queue_duration_seconds",
                                        "How long keys waited for a worker.", duration_bounds(),
                                        {{"name", name}})),
      work_duration_(metrics.histogram("workqueue_work_duration_seconds",
                                       "How long workers took to process a key.", duration_bounds(),
                                       {{"name", name}})) {
  publish({{"name", name}}, metrics);
}

void WorkQueue::publish(const MetricLabels& labels, MetricRegistry& metrics) {
  using Type = MetricRegistry::ValueType;
  metrics.observe(Type::kGauge, "workqueue_depth", "Keys waiting for a worker.", labels, [this] {
    Lock lock(mutex_);
    return static_cast<double>(keys_.waiting());
  });
  metrics.observe(Type::kCounter, "workqueue_adds_total", "Keys added to the queue.", labels,
                  [this] {
                    Lock lock(mutex_);
                    return static_cast<double>(keys_.adds());
                  });
  metrics.observe(Type::kGauge, "workqueue_unfinished_work_seconds",
                  "How long all keys being processed have taken so far, in total.", labels, [this] {
                    const Tick now = clock_.tick();
                    Duration total{0};
                    Lock lock(mutex_);
                    for (const auto& [key, since] : keys_.in_work()) total += now - since;
                    return seconds(total);
                  });
  metrics.observe(Type::kGauge, "workqueue_longest_running_processor_seconds",
                  "How long the longest-running key has taken so far.", labels, [this] {
                    const Tick now = clock_.tick();
                    Duration longest{0};
                    Lock lock(mutex_);
                    for (const auto& [key, since] : keys_.in_work()) {
                      longest = std::max(longest, now - since);
                    }
                    return seconds(longest);
                  });
}

void WorkQueue::add(const kube::ObjectKey& key) {
  {
    Lock lock(mutex_);
    if (stopping_) return;
    keys_.add(key, clock_.tick());
  }
  changed_.notify_one();
}

void WorkQueue::add_after(const kube::ObjectKey& key, Duration delay) {
  {
    Lock lock(mutex_);
    if (stopping_) return;
    keys_.add_at(key, clock_.tick() + delay);
  }
  changed_.notify_one();
}

Duration WorkQueue::retry(const kube::ObjectKey& key, Duration at_least) {
  Duration delay{0};
  {
    Lock lock(mutex_);
    if (stopping_) return delay;
    delay = keys_.retry(key, clock_.tick(), at_least);
  }
  retries_.increment();
  changed_.notify_one();
  return delay;
}

void WorkQueue::forget(const kube::ObjectKey& key) {
  Lock lock(mutex_);
  keys_.forget(key);
}

std::optional<KeyQueue::Taken> WorkQueue::take() {
  if (stopping_) return std::nullopt;
  std::optional<KeyQueue::Taken> taken = keys_.take(clock_.tick());
  // The woken worker takes one key; other workers take the others that became due.
  if (taken && (keys_.waiting() > 0 || keys_.next_due())) changed_.notify_one();
  return taken;
}

std::optional<kube::ObjectKey> WorkQueue::pop() {
  std::optional<KeyQueue::Taken> taken;
  {
    Lock lock(mutex_);
    while (!stopping_ && !(taken = take())) {
      if (const std::optional<Tick> due = keys_.next_due()) {
        changed_.wait_until(mutex_, *due);
      } else {
        changed_.wait(mutex_);
      }
    }
  }
  if (!taken) return std::nullopt;
  queue_duration_.observe(seconds(taken->waited));
  return std::move(taken->key);
}

std::optional<kube::ObjectKey> WorkQueue::try_pop() {
  std::optional<KeyQueue::Taken> taken;
  {
    Lock lock(mutex_);
    taken = take();
  }
  if (!taken) return std::nullopt;
  queue_duration_.observe(seconds(taken->waited));
  return std::move(taken->key);
}

void WorkQueue::done(const kube::ObjectKey& key) {
  Duration worked{0};
  {
    Lock lock(mutex_);
    worked = keys_.finish(key, clock_.tick());
  }
  work_duration_.observe(seconds(worked));
  changed_.notify_all();
}

void WorkQueue::shut_down() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

bool WorkQueue::wait_until_drained(Tick deadline) {
  Lock lock(mutex_);
  while (!keys_.in_work().empty()) {
    if (!changed_.wait_until(mutex_, deadline)) return keys_.in_work().empty();
  }
  return true;
}

}  // namespace dualtrace::ctl

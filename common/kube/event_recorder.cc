// SPDX-License-Identifier: Apache-2.0
#include "common/kube/event_recorder.h"

#include <pthread.h>

#include <deque>
#include <thread>
#include <utility>

#include "common/kube/event_writer.h"
#include "common/log/log.h"
#include "common/sync/mutex.h"

namespace dualtrace::kube {
namespace {

Counter& outcome(MetricRegistry& metrics, const char* word) {
  return metrics.counter("dualtrace_events_total", "Events about objects, by result.",
                         {{"outcome", word}});
}

}  // namespace

class EventRecorder::Body {
 public:
  Body(Options options, Api& api, Clock& clock, MetricRegistry& metrics)
      : queue_max_(options.queue_max),
        clock_(clock),
        created_(outcome(metrics, "created")),
        repeated_(outcome(metrics, "repeated")),
        failed_(outcome(metrics, "failed")),
        dropped_(outcome(metrics, "dropped")),
        writer_(std::move(options), api, clock, [this](Duration delay) { return pause(delay); }) {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "events");
  }
  ~Body() {
    {
      const Lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
    dropped_.add(static_cast<double>(queue_.size()));
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  void record(Event event) {
    bool taken = false;
    {
      const Lock lock(mutex_);
      taken = queue_.size() < queue_max_ && !stopping_;
      if (taken) queue_.push_back(std::move(event));
    }
    if (!taken) return dropped_.increment();
    changed_.notify_all();
  }

 private:
  void run() {
    while (const auto event = take()) {
      const auto written = writer_.write(*event);
      if (!written) {
        failed_.increment();
        warn(*event, written.error());
      } else {
        (*written == EventWriter::Written::kCreated ? created_ : repeated_).increment();
      }
    }
  }

  std::optional<Event> take() {
    const Lock lock(mutex_);
    while (queue_.empty() && !stopping_) changed_.wait(mutex_);
    if (stopping_) return std::nullopt;
    Event event = std::move(queue_.front());
    queue_.pop_front();
    return event;
  }

  bool pause(Duration delay) {
    const Tick until = clock_.tick() + delay;
    const Lock lock(mutex_);
    while (!stopping_ && clock_.tick() < until) changed_.wait_until(mutex_, until);
    return !stopping_;
  }

  void warn(const Event& event, const Error& error) {
    if (const auto unsaid = warn_limiter_.allow(clock_.tick())) {
      log_warn("an event could not be written",
               {{"reason", event.reason}, {"error", error.message}, {"unsaid", *unsaid}});
    }
  }

  // Constant after construction.
  const size_t queue_max_;
  Clock& clock_;
  Counter& created_;
  Counter& repeated_;
  Counter& failed_;
  Counter& dropped_;

  // Only for the thread.
  EventWriter writer_;
  LogLimiter warn_limiter_{std::chrono::seconds(30)};

  Mutex mutex_;
  CondVar changed_;
  std::deque<Event> queue_ DT_GUARDED_BY(mutex_);
  bool stopping_ DT_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

EventRecorder::EventRecorder(Options options, Api& api, Clock& clock, MetricRegistry& metrics)
    : body_(std::make_unique<Body>(std::move(options), api, clock, metrics)) {}
EventRecorder::~EventRecorder() = default;

void EventRecorder::record(Event event) { body_->record(std::move(event)); }

}  // namespace dualtrace::kube

// SPDX-License-Identifier: Apache-2.0
#include "operator/control/controller.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

namespace dualtrace::ctl {
namespace {

constexpr double kResyncSpread = 0.1;

// Between 90 % and 110 %, so that not all exports are due at the same time.
Duration spread(Duration resync, double jitter) {
  const double factor = 1 - kResyncSpread + 2 * kResyncSpread * jitter;
  return std::chrono::duration_cast<Duration>(resync * factor);
}

}  // namespace

Verdict judge(const Result<Next>& outcome, Duration resync, double jitter) {
  const Duration net = spread(resync, jitter);
  if (outcome) {
    if (!outcome->after) return {Verdict::Result::kSuccess, net};
    return {Verdict::Result::kRequeueAfter, std::min(*outcome->after, net)};
  }
  switch (outcome.error().kind) {
    case ErrorKind::kInvalid:
      return {Verdict::Result::kTerminal, net};
    case ErrorKind::kCancelled:
      return {Verdict::Result::kCancelled, std::nullopt};
    default:
      return {Verdict::Result::kError, std::nullopt};
  }
}

Controller::Controller(Options options, WorkQueue& queue, Reconcile reconcile, Clock& clock,
                       MetricRegistry& metrics)
    : options_(std::move(options)),
      queue_(queue),
      reconcile_(std::move(reconcile)),
      clock_(clock),
      metrics_(std::make_unique<ReconcileMetrics>(options_.name, options_.workers, metrics)),
      random_(options_.seed) {
  for (size_t number = 0; number < options_.workers; ++number) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), fmt::format("worker-{}", number).c_str());
  }
}

Controller::~Controller() {
  queue_.shut_down();
  for (std::thread& thread : threads_) thread.join();
}

bool Controller::stop(Tick deadline) {
  queue_.shut_down();
  return queue_.wait_until_drained(deadline);
}

void Controller::work() {
  while (const std::optional<kube::ObjectKey> key = queue_.pop()) reconcile_one(*key);
}

void Controller::reconcile_one(const kube::ObjectKey& key) {
  const Tick started = clock_.tick();
  metrics_->began();
  const Result<Next> outcome = reconcile_(key);
  metrics_->ended(clock_.tick() - started);
  settle(key, outcome);
  queue_.done(key);
}

void Controller::settle(const kube::ObjectKey& key, const Result<Next>& outcome) {
  const Verdict verdict = judge(outcome, options_.resync, jitter());
  switch (verdict.result) {
    case Verdict::Result::kSuccess:
      metrics_->success.increment();
      break;
    case Verdict::Result::kRequeueAfter:
      metrics_->requeue_after.increment();
      break;
    case Verdict::Result::kTerminal:
      metrics_->terminal.increment();
      [[fallthrough]];
    case Verdict::Result::kError:
      metrics_->error.increment();
      metrics_->errors.increment();
      report(key, outcome.error(), verdict);
      break;
    case Verdict::Result::kCancelled:
      break;
  }
  if (!verdict.after) {
    const Duration at_least = outcome.error().retry_after.value_or(Duration(0));
    queue_.retry(key, at_least);
    return;
  }
  queue_.forget(key);
  if (verdict.result == Verdict::Result::kRequeueAfter || options_.exists(key)) {
    queue_.add_after(key, *verdict.after);
  }
}

void Controller::report(const kube::ObjectKey& key, const Error& error, const Verdict& verdict) {
  const std::optional<uint64_t> suppressed = failures_.allow(clock_.tick());
  if (!suppressed) return;
  const std::string name = key.to_string();
  log_warn("an export could not be reconciled",
           {{"export", name},
            {"error", error.message},
            {"kind", to_string(error.kind)},
            {"retried", verdict.result == Verdict::Result::kError},
            {"suppressed", *suppressed}});
}

double Controller::jitter() {
  constexpr uint64_t kSteps = 1000;
  Lock lock(mutex_);
  return static_cast<double>(random_.below(kSteps)) / kSteps;
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/control/controller.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <utility>

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const ObjectKey kA{"space", "a"};
const ObjectKey kB{"space", "b"};
constexpr Duration kResync = minutes(10);

TEST(Judge, LooksAgainWithinTheResyncAfterASuccess) {
  EXPECT_EQ(judge(Next::await_change(), kResync, 0).after, minutes(9));
  EXPECT_EQ(judge(Next::await_change(), kResync, 0.5).after, kResync);
  const Verdict soon = judge(Next::requeue_after(seconds(30)), kResync, 0.5);
  EXPECT_EQ(soon.result, Verdict::Result::kRequeueAfter);
  EXPECT_EQ(soon.after, seconds(30));
  EXPECT_EQ(judge(Next::requeue_after(minutes(60)), kResync, 0.5).after, kResync);
}

TEST(Judge, RetriesWhatMayPassAndOnlyThat) {
  const auto result_of = [](ErrorKind kind) {
    return judge(fail(kind, "why"), kResync, 0.5).result;
  };
  for (const ErrorKind kind :
       {ErrorKind::kNotFound, ErrorKind::kConflict, ErrorKind::kThrottled, ErrorKind::kUnavailable,
        ErrorKind::kExhausted, ErrorKind::kCorrupt, ErrorKind::kInternal}) {
    EXPECT_EQ(result_of(kind), Verdict::Result::kError) << to_string(kind);
  }
  EXPECT_EQ(result_of(ErrorKind::kInvalid), Verdict::Result::kTerminal);
  EXPECT_EQ(result_of(ErrorKind::kCancelled), Verdict::Result::kCancelled);
  EXPECT_EQ(judge(fail(ErrorKind::kInvalid, "why"), kResync, 0.5).after, kResync);
  EXPECT_EQ(judge(fail(ErrorKind::kInternal, "why"), kResync, 0.5).after, std::nullopt);
}

// Reconciliations that the test completes one by one.
class Loop {
 public:
  struct Call {
    ObjectKey key;
    std::promise<Result<Next>> answer;
  };

  explicit Loop(size_t workers = 1, Duration resync = kResync)
      : controller_(
            {.name = "dualtraceexport",
             .workers = workers,
             .resync = resync,
             .exists = [this](const ObjectKey&) { return exists.load(); }},
            queue, [this](const ObjectKey& key) { return reconcile(key); }, clock, metrics) {}
  ~Loop() { finish(); }

  // Waits for the next reconciliation to begin.
  std::shared_ptr<Call> next_call() {
    Lock lock(mutex_);
    while (calls_.empty()) changed_.wait(mutex_);
    auto call = calls_.front();
    calls_.erase(calls_.begin());
    return call;
  }
  // Every later call succeeds immediately.
  void finish() {
    Lock lock(mutex_);
    finishing_ = true;
  }
  bool stop() { return controller_.stop(clock.tick() + milliseconds(1)); }
  // Polls until the metric appears: counters are written before the key is released.
  void wait_for(const std::string& line) {
    while (metrics.text().find(line + "\n") == std::string::npos) std::this_thread::yield();
  }

  SystemClock clock;
  MetricRegistry metrics;
  WorkQueue queue{"dualtraceexport", clock, metrics};
  std::atomic<bool> exists{true};

 private:
  Result<Next> reconcile(const ObjectKey& key) {
    std::future<Result<Next>> answer;
    {
      Lock lock(mutex_);
      if (finishing_) return Next::await_change();
      calls_.push_back(std::make_shared<Call>());
      calls_.back()->key = key;
      answer = calls_.back()->answer.get_future();
    }
    changed_.notify_all();
    return answer.get();
  }

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::shared_ptr<Call>> calls_ DT_GUARDED_BY(mutex_);
  bool finishing_ DT_GUARDED_BY(mutex_) = false;
  Controller controller_;
};

TEST(Controller, ReconcilesEachKeyThatIsAdded) {
  Loop loop;
  loop.queue.add(kA);
  const auto call = loop.next_call();
  EXPECT_EQ(call->key, kA);
  loop.wait_for("controller_runtime_active_workers{controller=\"dualtraceexport\"} 1");
  call->answer.set_value(Next::await_change());
  loop.wait_for(
      "controller_runtime_reconcile_total{controller=\"dualtraceexport\",result=\"success\"} 1");
}

TEST(Controller, WorksOnSeveralKeysAtOnce) {
  Loop loop(2);
  loop.queue.add(kA);
  loop.queue.add(kB);
  const auto first = loop.next_call();
  const auto second = loop.next_call();
  EXPECT_NE(first->key, second->key);
  first->answer.set_value(Next::await_change());
  second->answer.set_value(Next::await_change());
}

TEST(Controller, ComesBackAfterAFailure) {
  Loop loop;
  loop.queue.add(kA);
  loop.next_call()->answer.set_value(fail(ErrorKind::kUnavailable, "no connection"));
  loop.next_call()->answer.set_value(Next::await_change());
  loop.wait_for(
      "controller_runtime_reconcile_total{controller=\"dualtraceexport\",result=\"success\"} 1");
  loop.wait_for(
      "controller_runtime_reconcile_total{controller=\"dualtraceexport\",result=\"error\"} 1");
  loop.wait_for("workqueue_retries_total{name=\"dualtraceexport\"} 1");
}

TEST(Controller, DoesNotRetryWhatIsInvalid) {
  Loop loop;
  loop.queue.add(kA);
  loop.next_call()->answer.set_value(fail(ErrorKind::kInvalid, "no such field"));
  loop.wait_for(
      "controller_runtime_terminal_reconcile_errors_total{controller=\"dualtraceexport\"} 1");
  loop.queue.add(kB);
  const auto call = loop.next_call();
  EXPECT_EQ(call->key, kB);
  call->answer.set_value(Next::await_change());
  loop.wait_for("workqueue_retries_total{name=\"dualtraceexport\"} 0");
}

TEST(Controller, ComesBackWhenTheReconciliationAsksForIt) {
  Loop loop;
  loop.queue.add(kA);
  loop.next_call()->answer.set_value(Next::requeue_after(milliseconds(1)));
  loop.next_call()->answer.set_value(Next::await_change());
  loop.wait_for(
      "controller_runtime_reconcile_total"
      "{controller=\"dualtraceexport\",result=\"requeue_after\"} 1");
}

TEST(Controller, LooksAtWhatExistsAgainThoughNothingChanged) {
  Loop loop(1, milliseconds(1));
  loop.queue.add(kA);
  loop.next_call()->answer.set_value(Next::await_change());
  loop.next_call()->answer.set_value(fail(ErrorKind::kInvalid, "no such field"));
  const auto again = loop.next_call();
  EXPECT_EQ(again->key, kA);
  loop.exists = false;
  again->answer.set_value(Next::await_change());
  loop.queue.add(kB);
  const auto other = loop.next_call();
  EXPECT_EQ(other->key, kB) << "a deleted export came back";
  other->answer.set_value(Next::await_change());
}

TEST(Controller, WaitsForWhatIsInWorkWhenItStops) {
  Loop loop;
  loop.queue.add(kA);
  loop.queue.add(kB);
  const auto call = loop.next_call();
  EXPECT_FALSE(loop.stop());
  call->answer.set_value(Next::await_change());
  while (!loop.stop()) {
  }
  loop.wait_for("workqueue_depth{name=\"dualtraceexport\"} 1");
}

}  // namespace
}  // namespace dualtrace::ctl

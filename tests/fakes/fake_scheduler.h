// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeScheduler: runs tasks on the calling thread, when the test tells it to, in the same order as
// a real one. Its clock is a FakeClock that run_for() advances from one timer to the next. Used
// from one thread.

#include <deque>
#include <map>
#include <utility>

#include "common/time/scheduler.h"
#include "tests/fakes/fake_clock.h"

namespace dualtrace {

class FakeScheduler : public Scheduler {
 public:
  explicit FakeScheduler(FakeClock& fake_clock) : clock_(fake_clock) {}

  void post(Task task) override {
    if (!stopped) posted.push_back(std::move(task));
  }
  TimerId run_at(Tick when, Task task) override {
    ++last_timer;
    if (!stopped) timers.emplace(std::pair(when, last_timer), std::move(task));
    return last_timer;
  }
  void cancel(TimerId id) override {
    for (auto timer = timers.begin(); timer != timers.end(); ++timer) {
      if (timer->first.second == id) {
        timers.erase(timer);
        return;
      }
    }
  }
  // Destroying the tasks may post others.
  void stop() override {
    stopped = true;
    std::exchange(posted, {}).clear();
    std::exchange(timers, {}).clear();
  }
  [[nodiscard]] Clock& clock() override { return clock_; }

  [[nodiscard]] bool ready() const {
    return !posted.empty() || (!timers.empty() && timers.begin()->first.first <= clock_.tick());
  }
  // Runs the next task that is posted or due; returns false if there is none.
  bool run_one() {
    Task task;
    if (!timers.empty() && timers.begin()->first.first <= clock_.tick()) {
      task = std::move(timers.begin()->second);
      timers.erase(timers.begin());
    } else if (!posted.empty()) {
      task = std::move(posted.front());
      posted.pop_front();
    } else {
      return false;
    }
    task();
    return true;
  }
  // Runs everything that is posted or due, and what that posts, without advancing the clock.
  void run_ready() {
    while (run_one()) {
    }
  }
  // Advances the clock by `span`, stopping at each timer on the way.
  void run_for(Duration span) {
    const Tick end = clock_.tick() + span;
    run_ready();
    while (!timers.empty() && timers.begin()->first.first <= end) {
      clock_.advance(timers.begin()->first.first - clock_.tick());
      run_ready();
    }
    clock_.advance(end - clock_.tick());
  }

  std::deque<Task> posted;
  std::map<std::pair<Tick, TimerId>, Task> timers;
  TimerId last_timer = 0;
  bool stopped = false;

 private:
  FakeClock& clock_;
};

}  // namespace dualtrace

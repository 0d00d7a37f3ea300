// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/append_queue.h"

#include <utility>

namespace dualtrace::agent {
namespace {

// Limited because the clients of a group's first appends wait until its last byte is on the disk.
constexpr uint64_t kGroupBytesMax = 8 * 1024 * 1024;

}  // namespace

AppendQueue::AppendQueue(uint64_t bytes_max, Duration commit_delay, Scheduler& scheduler,
                         Commit commit)
    : bytes_max_(bytes_max),
      scheduler_(scheduler),
      commit_(std::move(commit)),
      pace_(commit_delay) {}

// Invariant: while something is queued, a commit is posted, or a timer is set for due_ or earlier.
// Code that changes one of these under the lock, and finds that neither holds, calls the scheduler
// after it has released the lock.
bool AppendQueue::push(PendingAppend& append) {
  const uint64_t bytes = append.payload.size();
  const Tick now = scheduler_.clock().tick();
  std::optional<Tick> look;
  {
    Lock lock(mutex_);
    if (bytes_ + bytes > bytes_max_) return false;
    bytes_ += bytes;
    queue_.push_back(std::move(append));
    if (posted_) return true;  // that commit takes this append, too
    due_ = pace_.append(now, queue_.size(), bytes_);
    posted_ = due_ <= now;
    if (!posted_) {
      // A timer that fires early sets the next one.
      if (look_at_ <= due_) return true;
      look = look_at_ = due_;
    }
  }
  if (look) {
    look_at(*look);
  } else {
    scheduler_.post([this] { commit_next(); });
  }
  return true;
}

void AppendQueue::commit_when_due() {
  const Tick now = scheduler_.clock().tick();
  std::optional<Tick> later;
  {
    Lock lock(mutex_);
    if (now < look_at_) return;  // the timer was moved
    look_at_ = Tick::max();
    if (posted_ || queue_.empty()) return;
    if (now < due_ && !pace_.is_company(queue_.size())) {
      later = look_at_ = due_;
    } else {
      posted_ = true;
      pace_.waited(queue_.size());
    }
  }
  if (later) return look_at(*later);
  commit_next();
}

void AppendQueue::commit_next() {
  // The timer would only wake the thread to find nothing to do.
  scheduler_.cancel(timer_.exchange(0));
  commit_(take_group());
  look_ahead();
}

void AppendQueue::look_ahead() {
  const Tick now = scheduler_.clock().tick();
  std::optional<Tick> look;
  {
    Lock lock(mutex_);
    if (posted_ || !queue_.empty()) return;  // push() has scheduled a commit
    look = pace_.look_ahead(now);
    if (look) look_at_ = *look;
  }
  if (look) look_at(*look);
}

void AppendQueue::look_at(Tick when) {
  timer_ = scheduler_.run_at(when, [this] { commit_when_due(); });
}

std::vector<PendingAppend> AppendQueue::take_group() {
  std::vector<PendingAppend> group;
  uint64_t bytes = 0;
  {
    Lock lock(mutex_);
    while (!queue_.empty() && (group.empty() || bytes < kGroupBytesMax)) {
      bytes += queue_.front().payload.size();
      group.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    bytes_ -= bytes;
    look_at_ = Tick::max();
    posted_ = !queue_.empty();
    if (!posted_) return group;
  }
  scheduler_.post([this] { commit_next(); });
  return group;
}

}  // namespace dualtrace::agent

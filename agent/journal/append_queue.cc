// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/append_queue.h"

#include <utility>

namespace dualtrace::agent {
namespace {

constexpr uint64_t kGroupBytesMax = 8 * 1024 * 1024;

}  // namespace

AppendQueue::AppendQueue(uint64_t bytes_max, Duration commit_delay, Scheduler& scheduler,
                         Commit commit)
    : bytes_max_(bytes_max),
      scheduler_(scheduler),
      commit_(std::move(commit)),
      pace_(commit_delay) {}

bool AppendQueue::push(PendingAppend& append) {
  const uint64_t bytes = append.payload.size();
  const Tick now = scheduler_.clock().tick();
  std::optional<Tick> look_at_due;
  {
    Lock lock(mutex_);
    if (bytes_ + bytes > bytes_max_) return false;
    bytes_ += bytes;
    queue_.push_back(std::move(append));
    if (posted_) return true;
    due_ = pace_.append(now, queue_.size(), bytes_);
    posted_ = due_ <= now;
    if (!posted_) {
      if (std::exchange(timed_, true)) return true;
      look_at_due = due_;
    }
  }
  if (look_at_due) {
    look_at(*look_at_due);
  } else {
    scheduler_.post([this] { commit_next(); });
  }
  return true;
}

void AppendQueue::look_at(Tick due) {
  scheduler_.run_at(due, [this] { commit_if_due(); });
}

void AppendQueue::commit_if_due() {
  const Tick now = scheduler_.clock().tick();
  std::optional<Tick> later;
  {
    Lock lock(mutex_);
    timed_ = false;
    if (posted_ || queue_.empty()) return;
    if (due_ > now) {
      timed_ = true;
      later = due_;
    } else {
      posted_ = true;
      pace_.waited(queue_.size());
    }
  }
  if (later) return look_at(*later);
  commit_next();
}

void AppendQueue::commit_next() { commit_(take_group()); }

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
    posted_ = !queue_.empty();
    if (!posted_) return group;
  }
  scheduler_.post([this] { commit_next(); });
  return group;
}

}  // namespace dualtrace::agent

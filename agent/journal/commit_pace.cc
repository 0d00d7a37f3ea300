// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/commit_pace.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {
namespace {

// With this many appends, the commit is a small part of the total cost of its requests.
constexpr size_t kAppendsEnough = 32;
constexpr uint64_t kBytesEnough = 512 * 1024;
// If many appends arrived within one delay, and then none for as long as several usually take, all
// clients may be waiting for their answers: no more appends are expected.
constexpr int kMany = 16;
constexpr int kSilence = 4;
constexpr Duration kSilenceLeast = std::chrono::microseconds(250);
// To find out whether waiting now pays off, one in this many groups waits. The number doubles each
// time it does not.
constexpr int kGroupsToTrialMost = 1024;
constexpr int kLearning = 4;  // the weight of a new value is one in this many

}  // namespace

Tick CommitPace::append(Tick now, size_t waiting, uint64_t bytes) {
  const Duration since_last = now - last_;
  last_ = now;
  // Do not learn from the gap before a group's first append: clients that wait for their answers
  // send nothing during the commit, whether or not they would send while a group waits.
  if (waiting > 1) {
    learn(since_last);
    groups_to_trial_ = kGroupsToTrialLeast;
  }
  if (waiting >= kAppendsEnough || bytes >= kBytesEnough) return now;
  return waiting > 1 ? due(now) : begin_group(now, since_last);
}

std::optional<Tick> CommitPace::look_ahead(Tick now) const {
  if (gap_ >= delay_) return std::nullopt;
  return now + delay_;
}

void CommitPace::waited(size_t appends) {
  if (appends == 1) learn(kNoCompany * delay_);
  trying_ = false;
}

// On a node that is almost idle, appends never wait.
Tick CommitPace::begin_group(Tick now, Duration since_last) {
  if (since_last > delay_) return now;
  deadline_ = now + delay_;
  if (gap_ < delay_) return due(now);
  // No others are expected. But a pace that never waits would never learn that others now arrive.
  if (++declined_ < groups_to_trial_) return now;
  declined_ = 0;
  groups_to_trial_ = std::min(2 * groups_to_trial_, kGroupsToTrialMost);
  trying_ = true;
  return deadline_;
}

Tick CommitPace::due(Tick now) const {
  // The next append would be too late for this group.
  if (now + gap_ > deadline_) return now;
  // With few appends per delay, a silence of a few gaps is as long as the delay itself.
  if (kMany * gap_ > delay_) return deadline_;
  return std::min(deadline_, now + std::max(kSilence * gap_, kSilenceLeast));
}

// The result of a trial counts in full.
void CommitPace::learn(Duration gap) {
  gap_ += (gap - gap_) / (std::exchange(trying_, false) ? 1 : kLearning);
}

}  // namespace dualtrace::agent

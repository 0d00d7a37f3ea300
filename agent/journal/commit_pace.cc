// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/commit_pace.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {
namespace {

// With so much in it, a commit's own cost is a small part of what its requests cost.
constexpr size_t kAppendsEnough = 32;
constexpr uint64_t kBytesEnough = 512 * 1024;
// Clients may all wait for their answers: where many come in one delay, and then nobody for as long
// as several take, nobody is going to.
constexpr int kMany = 16;
constexpr int kSilence = 4;
constexpr Duration kSilenceLeast = std::chrono::microseconds(250);
// Whether waiting is worth it now is found out by waiting once in so many groups, and twice as many
// each time that it was not.
constexpr int kGroupsToTrialMost = 1024;
constexpr int kLearning = 4;  // one in so many parts is new

}  // namespace

Tick CommitPace::append(Tick now, size_t waiting, uint64_t bytes) {
  const Duration since_last = now - last_;
  last_ = now;
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

// A node on which next to nothing happens never waits.
Tick CommitPace::begin_group(Tick now, Duration since_last) {
  if (since_last > delay_) return now;
  deadline_ = now + delay_;
  if (gap_ < delay_) return due(now);
  if (++declined_ < groups_to_trial_) return now;
  declined_ = 0;
  groups_to_trial_ = std::min(2 * groups_to_trial_, kGroupsToTrialMost);
  trying_ = true;
  return deadline_;
}

Tick CommitPace::due(Tick now) const {
  if (now + gap_ > deadline_) return now;
  if (kMany * gap_ > delay_) return deadline_;
  return std::min(deadline_, now + std::max(kSilence * gap_, kSilenceLeast));
}

// What a trial finds counts at once.
void CommitPace::learn(Duration gap) {
  gap_ += (gap - gap_) / (std::exchange(trying_, false) ? 1 : kLearning);
}

}  // namespace dualtrace::agent

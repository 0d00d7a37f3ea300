// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/commit_pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace dualtrace::agent {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Duration kDelay = milliseconds(5);

// Commits when the journal would, immediately or when the delay expires, and counts the commits.
class Commits {
 public:
  explicit Commits(Duration delay = kDelay) : pace_(delay) {}

  // Advances the time and makes the commits that become due.
  void pass(Duration time) {
    const Tick end = now_ + time;
    while (waiting_ > 0 && due_ <= end) {
      now_ = due_;
      pace_.waited(waiting_);
      commit();
    }
    now_ = end;
  }
  void append(uint64_t bytes = 100) {
    if (++waiting_ == 1) first_ = now_;
    bytes_ += bytes;
    due_ = pace_.append(now_, waiting_, bytes_);
    if (due_ <= now_) commit();
  }
  // A client that sends its next request once it has the answer.
  void append_and_wait() {
    append();
    if (waiting_ > 0) pass(due_ - now_);
    ASSERT_EQ(waiting_, 0u);
    pass(microseconds(600));
  }

  size_t count = 0;
  Duration longest{};
  size_t largest = 0;
  [[nodiscard]] size_t waiting() const { return waiting_; }
  [[nodiscard]] Duration time() const { return now_.time_since_epoch(); }

 private:
  void commit() {
    ++count;
    largest = std::max(largest, waiting_);
    longest = std::max<Duration>(longest, now_ - first_);
    waiting_ = 0;
    bytes_ = 0;
  }

  CommitPace pace_;
  Tick now_{std::chrono::hours(1)};
  Tick first_;
  Tick due_;
  size_t waiting_ = 0;
  uint64_t bytes_ = 0;
};

TEST(CommitPace, GathersWhatComesWithinTheDelay) {
  Commits commits;
  for (int i = 0; i < 10'000; ++i) {
    commits.append();
    commits.pass(milliseconds(1));
  }
  EXPECT_LT(commits.count, 2100u);
  EXPECT_LE(commits.longest, kDelay);
}

TEST(CommitPace, CommitsAtOnceWhenTheNextWouldComeTooLate) {
  Commits commits;
  for (int i = 0; i < 1000; ++i) {
    commits.append();
    commits.pass(kDelay - milliseconds(1));
  }
  EXPECT_NEAR(static_cast<double>(commits.count), 520, 20);  // two at a time
  EXPECT_EQ(commits.largest, 2u);
}

TEST(CommitPace, NeverWaitsOnAQuietNode) {
  Commits commits;
  for (int i = 0; i < 1000; ++i) {
    commits.append();
    EXPECT_EQ(commits.waiting(), 0u);
    commits.pass(kDelay + milliseconds(1));
  }
}

TEST(CommitPace, NeverWaitsWithoutADelay) {
  Commits commits(Duration(0));
  for (int i = 0; i < 1000; ++i) {
    commits.append();
    EXPECT_EQ(commits.waiting(), 0u);
    commits.pass(microseconds(10));
  }
}

TEST(CommitPace, HardlyHoldsUpAClientThatWaitsForEachAnswer) {
  Commits commits;
  constexpr int kRequests = 3200;
  for (int i = 0; i < kRequests; ++i) commits.append_and_wait();
  EXPECT_LT(commits.time() - std::chrono::hours(1), kRequests * microseconds(600 + 20));
}

TEST(CommitPace, StopsWaitingWhenNobodyComesAnyMore) {
  Commits commits;
  for (int i = 0; i < 1000; ++i) {
    commits.append();
    commits.pass(microseconds(300));
  }
  commits.pass(milliseconds(2));
  const Duration before = commits.time();
  for (int i = 0; i < 30; ++i) commits.append_and_wait();
  EXPECT_LE(commits.time() - before, 30 * microseconds(600) + 4 * kDelay);
}

TEST(CommitPace, CommitsAtOnceWhenThereIsEnough) {
  Commits commits;
  for (int i = 0; i < 1000; ++i) {
    commits.append();
    commits.pass(microseconds(20));
  }
  EXPECT_LE(commits.largest, 32u);
  EXPECT_LT(commits.count, 60u + 32u);
  for (int i = 0; i < 8; ++i) {
    commits.append(512 * 1024);
    EXPECT_EQ(commits.waiting(), 0u);
  }
}

// Eight clients, each of which sends its next request once it has its answer: while all of them
// wait, no more requests arrive.
TEST(CommitPace, DoesNotWaitForClientsThatWaitThemselves) {
  Commits commits;
  for (int round = 0; round < 500; ++round) {
    for (int client = 0; client < 8; ++client) {
      commits.append();
      commits.pass(microseconds(20));
    }
    if (commits.waiting() > 0) commits.pass(milliseconds(1));
    EXPECT_EQ(commits.waiting(), 0u);
  }
}

}  // namespace
}  // namespace dualtrace::agent

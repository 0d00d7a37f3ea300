// SPDX-License-Identifier: Apache-2.0
// The journal in the agent's setup: a real disk, its own thread, several appenders, one thread per
// lane.

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "agent/journal/journal.h"
#include "common/io/posix_file_system.h"
#include "common/sync/mutex.h"
#include "common/time/thread_scheduler.h"
#include "tests/fakes/temporary_folder.h"

namespace dualtrace::agent {
namespace {

// Wakes a lane's thread when something is published.
class Bell {
 public:
  void ring() {
    {
      Lock lock(mutex_);
      rung_ = true;
    }
    changed_.notify_one();
  }
  void wait() {
    Lock lock(mutex_);
    while (!rung_) changed_.wait(mutex_);
    rung_ = false;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool rung_ DT_GUARDED_BY(mutex_) = false;
};

void read_all(JournalLane& lane, Bell& bell, uint64_t records) {
  lane.on_published([&bell] { bell.ring(); });
  for (uint64_t next = 0; next < records;) {
    const Result<JournalRead> read = lane.read();
    ASSERT_TRUE(read);
    if (std::holds_alternative<JournalEnd>(*read)) {
      bell.wait();
      continue;
    }
    const auto& record = std::get<JournalRecord>(*read);
    ASSERT_EQ(record.sequence, next++);
    ASSERT_EQ(record.payload, std::string(record.spans * 10, 'x'));
    lane.settle(record.sequence, {.delivered = record.spans});
    if (next % 16 == 0) {
      ASSERT_TRUE(lane.sync());
    }
  }
  ASSERT_TRUE(lane.sync());
  lane.on_published(nullptr);
}

TEST(JournalThreads, AppendersAndLanesWorkAtOnce) {
  constexpr int kAppenders = 4;
  constexpr int kRecordsEach = 200;
  constexpr int kRecords = kAppenders * kRecordsEach;
  const TemporaryFolder temporary;
  const std::string folder = temporary.path();
  PosixFileSystem files;
  SystemClock clock;
  Bell bells[2];  // may still ring while its lane shuts down
  ThreadScheduler scheduler("journal", clock);
  auto journal = Journal::open(
      {.folder = folder + "/journal", .lanes = {"arize", "databricks"}, .segment_bytes = 64 * 1024},
      files, scheduler);
  ASSERT_TRUE(journal);
  std::latch stored(kRecords);
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] { read_all((*journal)->lane("arize"), bells[0], kRecords); });
    threads.emplace_back([&] { read_all((*journal)->lane("databricks"), bells[1], kRecords); });
    for (int appender = 0; appender < kAppenders; ++appender) {
      threads.emplace_back([&] {
        for (uint32_t i = 1; i <= kRecordsEach; ++i) {
          (*journal)->append(std::string(i * 10, 'x'), i, [&stored](Status status) {
            EXPECT_TRUE(status);
            stored.count_down();
          });
          const LaneBooks books = (*journal)->lane("arize").books();
          EXPECT_EQ(books.accepted, books.settled.sum() + books.backlog_spans);
        }
      });
    }
    stored.wait();
  }
  const LaneBooks books = (*journal)->lane("databricks").books();
  EXPECT_EQ(books.settled.delivered, kAppenders * (kRecordsEach * (kRecordsEach + 1)) / 2u);
  EXPECT_EQ(books.backlog_spans, 0u);
  scheduler.stop();
  journal->reset();
}

}  // namespace
}  // namespace dualtrace::agent

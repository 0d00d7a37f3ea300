// SPDX-License-Identifier: Apache-2.0
#pragma once
// JournalFixture: a journal on an in-memory disk, driven by hand. Used from one thread.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/format.h"
#include "agent/journal/journal.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {

class JournalFixture : public testing::Test {
 protected:
  JournalFixture() {
    options.folder = "/data/journal";
    options.lanes = {"arize", "databricks"};
    options.segment_bytes = 8192;  // 4096 for records
  }

  void open() {
    journal.reset();
    scheduler.emplace(clock);
    Result<std::unique_ptr<Journal>> opened = Journal::open(options, files, *scheduler);
    ASSERT_TRUE(opened) << opened.error().message;
    journal = *std::move(opened);
  }
  void kill() { journal.reset(); }
  void crash() {
    kill();
    files.crash();
  }

  Status append(std::string payload, uint32_t spans) {
    std::optional<Status> answer;
    journal->append(std::move(payload), spans, [&answer](Status status) { answer = status; });
    scheduler->run_ready();
    EXPECT_TRUE(answer.has_value());
    return *answer;
  }
  void append_ok(const std::string& payload, uint32_t spans) {
    const Status status = append(payload, spans);
    ASSERT_TRUE(status) << status.error().message;
  }
  // A record that fills a segment of the default size by itself.
  void append_large(uint32_t spans) { append_ok(std::string(3000, 'x'), spans); }

  JournalLane& arize() { return journal->lane("arize"); }
  JournalLane& databricks() { return journal->lane("databricks"); }

  static JournalRecord read_record(JournalLane& lane) {
    Result<JournalRead> read = lane.read();
    if (!read || !std::holds_alternative<JournalRecord>(*read)) {
      ADD_FAILURE() << "no record";
      return {};
    }
    return std::get<JournalRecord>(*std::move(read));
  }
  static JournalDamage read_damage(JournalLane& lane) {
    Result<JournalRead> read = lane.read();
    if (!read || !std::holds_alternative<JournalDamage>(*read)) {
      ADD_FAILURE() << "no damage";
      return {};
    }
    return std::get<JournalDamage>(*read);
  }
  static bool at_end(JournalLane& lane) {
    const Result<JournalRead> read = lane.read();
    return read && std::holds_alternative<JournalEnd>(*read);
  }
  static void deliver(JournalLane& lane, const JournalRecord& record) {
    lane.settle(record.sequence, {.delivered = record.spans});
  }
  // Reads and delivers everything and makes it durable.
  void drain(JournalLane& lane) {
    while (true) {
      const Result<JournalRead> read = lane.read();
      ASSERT_TRUE(read);
      if (std::holds_alternative<JournalEnd>(*read)) break;
      if (const auto* record = std::get_if<JournalRecord>(&*read)) deliver(lane, *record);
    }
    ASSERT_TRUE(lane.sync());
    scheduler->run_ready();
  }
  static void expect_balanced(const LaneBooks& books) {
    EXPECT_EQ(books.accepted, books.settled.sum() + books.backlog_spans);
  }
  std::vector<std::string> names(const std::string& prefix) {
    const std::vector<std::string> all = *files.list(options.folder);
    std::vector<std::string> found;
    for (const std::string& name : all) {
      if (name.starts_with(prefix)) found.push_back(name);
    }
    return found;
  }
  std::string path(const std::string& name) const { return options.folder + "/" + name; }

  MemoryFileSystem files;
  FakeClock clock;
  std::optional<FakeScheduler> scheduler;
  JournalOptions options;
  std::unique_ptr<Journal> journal;
};

}  // namespace dualtrace::agent

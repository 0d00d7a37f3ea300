// SPDX-License-Identifier: Apache-2.0
// Random histories of a journal (appends, deliveries, syncs, crashes, power loss with torn writes)
// against a model of its guarantees. A failure prints the seed that reproduces it.

#include <map>
#include <set>

#include "tests/unit/agent/journal/journal_fixture.h"

namespace dualtrace::agent {
namespace {

class JournalCrashTest : public JournalFixture {
 protected:
  struct LaneModel {
    std::map<uint64_t, JournalRecord> in_hand;  // read and not settled
    std::set<std::string> settled_durably;      // payloads
    std::set<std::string> settled;
  };

  void live(uint64_t seed, Durability durability) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    options.durability = durability;
    options.segments_max = 1000;
    options.fresh_bytes_max = random.below(2) * 4000;
    open();
    for (int round = 0; round < 12; ++round) {
      const uint64_t steps = random.below(60);
      for (uint64_t step = 0; step < steps; ++step) act(random);
      end_and_reopen(random);
      if (HasFailure()) return;
    }
    finish();
  }

  void act(Random& random) {
    const std::string lane = random.below(2) == 0 ? "arize" : "databricks";
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        append_group(random);
        break;
      case 3:
      case 4:
        read_some(lane, random);
        break;
      case 5:
      case 6:
        settle_some(lane, random);
        break;
      default:
        if (journal->lane(lane).sync()) {
          models[lane].settled_durably = models[lane].settled;
        }
        clock.advance(std::chrono::milliseconds(random.below(1500)));
        scheduler->run_for(Duration(0));
    }
    expect_balanced(journal->lane(lane).books());
  }

  // Several together, so that a group has more than one record. The last may stay unanswered.
  void append_group(Random& random) {
    const uint64_t count = 1 + random.below(5);
    for (uint64_t i = 0; i < count; ++i) {
      std::string payload = "record " + std::to_string(next_payload++) + " ";
      payload.resize(payload.size() + random.below(1500), 'x');
      const auto spans = static_cast<uint32_t>(random.below(9));
      spans_of[payload] = spans;
      journal->append(payload, spans, [this, payload](Status status) {
        if (status) stored.insert(payload);
      });
    }
    if (random.below(4) == 0) return;
    if (random.below(10) == 0) files.fail_write_in = 1 + static_cast<int>(random.below(3));
    if (random.below(10) == 0) files.fail_sync_in = 1 + static_cast<int>(random.below(3));
    scheduler->run_ready();
    files.fail_write_in = 0;
    files.fail_sync_in = 0;
  }

  void read_some(const std::string& lane, Random& random) {
    for (uint64_t i = random.below(6); i > 0; --i) {
      const Result<JournalRead> read = journal->lane(lane).read();
      ASSERT_TRUE(read);
      if (std::holds_alternative<JournalEnd>(*read)) return;
      if (std::holds_alternative<JournalDamage>(*read)) {
        continue;  // a torn record that was never answered OK, or what memory mode lost
      }
      const auto& record = std::get<JournalRecord>(*read);
      const std::string payload(record.payload);
      ASSERT_EQ(spans_of.at(payload), record.spans);
      ASSERT_FALSE(models[lane].settled_durably.contains(payload));
      models[lane].in_hand.emplace(record.sequence, record);
    }
  }

  void settle_some(const std::string& lane, Random& random) {
    auto& in_hand = models[lane].in_hand;
    for (uint64_t i = random.below(6); i > 0 && !in_hand.empty(); --i) {
      const auto record =
          std::next(in_hand.begin(), static_cast<long>(random.below(in_hand.size())));
      deliver(journal->lane(lane), record->second);
      models[lane].settled.emplace(record->second.payload);
      in_hand.erase(record);
    }
  }

  void end_and_reopen(Random& random) {
    const bool power_loss = random.below(3) != 0;
    if (power_loss) {
      if (random.below(4) == 0) {
        files.crash();
      } else {
        files.crash_torn(random);
      }
    }
    open();
    for (auto& [name, model] : models) {
      model.in_hand.clear();
      model.settled = model.settled_durably;
      expect_balanced(journal->lane(name).books());
    }
  }

  void finish() {
    for (auto& [name, model] : models) {
      JournalLane& lane = journal->lane(name);
      std::set<std::string> seen = model.settled_durably;
      while (true) {
        const Result<JournalRead> read = lane.read();
        ASSERT_TRUE(read);
        if (std::holds_alternative<JournalEnd>(*read)) break;
        if (std::holds_alternative<JournalDamage>(*read)) continue;
        const auto& record = std::get<JournalRecord>(*read);
        EXPECT_TRUE(seen.emplace(record.payload).second);
        deliver(lane, record);
      }
      EXPECT_TRUE(lane.caught_up());
      const LaneBooks books = lane.books();
      EXPECT_EQ(books.backlog_spans, 0u);
      EXPECT_EQ(books.backlog_bytes, 0u);
      expect_balanced(books);
      EXPECT_EQ(books.accepted, journal->totals().spans);
      uint64_t spans = 0;
      for (const std::string& payload : seen) spans += spans_of.at(payload);
      EXPECT_EQ(books.settled.delivered, spans);
      if (options.durability == Durability::kMemory) continue;
      for (const std::string& payload : stored) {
        EXPECT_TRUE(seen.contains(payload)) << name << " lost " << payload.substr(0, 12);
      }
    }
  }

  std::map<std::string, LaneModel> models{{"arize", {}}, {"databricks", {}}};
  std::map<std::string, uint32_t> spans_of;  // by payload; payloads are unique
  std::set<std::string> stored;              // answered OK
  uint64_t next_payload = 0;
};

class OnDisk : public JournalCrashTest, public testing::WithParamInterface<uint64_t> {};
class InMemory : public JournalCrashTest, public testing::WithParamInterface<uint64_t> {};

TEST_P(OnDisk, LosesNothingThatWasAnsweredOkAndKeepsTheBooks) {
  live(GetParam(), Durability::kDisk);
}
TEST_P(InMemory, KeepsTheBooksWhateverPowerLossTakes) { live(GetParam(), Durability::kMemory); }

INSTANTIATE_TEST_SUITE_P(Journal, OnDisk, testing::Range<uint64_t>(1, 61));
INSTANTIATE_TEST_SUITE_P(Journal, InMemory, testing::Range<uint64_t>(1, 31));

}  // namespace
}  // namespace dualtrace::agent

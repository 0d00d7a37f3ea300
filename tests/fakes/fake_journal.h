// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeJournal: records what is appended and answers immediately, unless set to refuse or to wait.
// Used from one thread.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/journal/journal.h"

namespace dualtrace::agent {

class FakeJournal final : public Journal {
 public:
  struct Record {
    std::string payload;
    uint32_t spans = 0;
  };

  std::vector<Record> records;
  std::optional<Error> refusal;  // the answer to every append
  bool answers_wait = false;     // until answer_all()

  void append(std::string payload, uint32_t spans, Stored done) override {
    if (!refusal) {
      records.push_back({std::move(payload), spans});
    }
    waiting_.push_back(std::move(done));
    if (!answers_wait) {
      answer_all();
    }
  }

  void answer_all() {
    for (const Stored& done : std::exchange(waiting_, {})) {
      done(refusal ? Status(fail(*refusal)) : Status());
    }
  }

  [[nodiscard]] Totals totals() const override {
    Totals totals{.records = records.size()};
    for (const Record& record : records) {
      totals.spans += record.spans;
      totals.bytes += record.payload.size();
    }
    return totals;
  }
  [[nodiscard]] Health health() const override { return {}; }
  void allow_segments(uint64_t /*segments_max*/) override {}
  void keep_free(DiskShare /*min_free*/) override {}
  void give_back(std::function<void()> done) override { done(); }
  JournalLane& lane(const std::string& /*name*/) override {
    check_failed("a FakeJournal has no lanes", __FILE__, __LINE__);
  }

 private:
  std::vector<Stored> waiting_;
};

}  // namespace dualtrace::agent

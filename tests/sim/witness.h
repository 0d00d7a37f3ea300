// SPDX-License-Identifier: Apache-2.0
#pragma once
// Witness: observes everything at the boundaries of the agents (appends and their answers, what a
// lane reads, settles and syncs, what is sent, and how the destination handles it) and checks it
// against the guarantees (docs/architecture.md). It keeps its own ledger, span by span, and throws
// a Violation at the first mismatch. Used from one thread.
//
// A life is one agent process; a lane that replaces another one in it has a separate life. What a
// lane settled is durable once a sync has succeeded. A sync that failed, or in which the process
// died, may have been durable, too: the ledger of the next life shows which, and must match one of
// these states.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/journal/journal.h"
#include "agent/lane/lane.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/sim/requests.h"
#include "tests/sim/trace.h"

namespace dualtrace::agent::sim {

inline constexpr std::array<const char*, 2> kLaneNames = {"arize", "databricks"};
inline constexpr size_t kLanes = kLaneNames.size();
inline constexpr uint64_t kDeadLetterBytesMax = 2 * 1024 * 1024;

// The limits of the agents, which are the same for all.
struct Limits {
  uint64_t backlog_bytes_max = 0;
  Duration age_max{0};
  uint64_t queue_bytes_max = 0;
};

class Witness {
 public:
  Witness(const Clock& clock, MemoryFileSystem& files, Requests& requests, Trace& trace)
      : clock_(clock), files_(files), requests_(requests), trace_(trace) {}

  // --- the journal's side
  // The number of a journal folder, even if its owner changes.
  uint32_t journal_at(const std::string& folder);
  // An agent with these lanes begins to open a journal…
  void opening(uint32_t journal, const std::array<bool, kLanes>& lanes);
  // …and has opened it.
  void opened(uint32_t journal, uint32_t life, Durability durability,
              const std::array<bool, kLanes>& lanes, Journal& opened);
  void appended(uint32_t journal, uint32_t life, uint32_t request);
  void answered(uint32_t request, const Status& status);
  // A lane's cursor is removed, by path: because the lane was removed, or with its journal.
  void cursor_removed(const std::string& path);

  void read(uint32_t journal, size_t lane, uint32_t life, const JournalRead& read,
            const LaneBooks& books);
  // Another lane takes over: records that were read but not settled are read again.
  void rewound(uint32_t journal, size_t lane);
  void settled(uint32_t journal, size_t lane, uint32_t life, uint64_t sequence,
               const SpanCounts& counts);
  // A lane carries the rest of a record over: a later life may find either of them. …
  // Returns the number of the lane in that life: its outcomes count, even if another one has
  // replaced it when the copy is stored.
  uint64_t carrying(uint32_t journal, size_t lane, uint32_t life, const CarryOver& rest);
  // … The copy is stored, and the original is settled.
  void carried(uint32_t journal, size_t lane, uint64_t lane_life, const CarryOver& rest);
  void sync_begins(uint32_t journal, size_t lane);
  void synced(uint32_t journal, size_t lane);

  // --- the destination's side
  // Returns the spans in the request. Throws Violation if they must not be sent now.
  std::vector<uint64_t> sent(size_t lane, uint32_t life, const ExportRequest& request,
                             size_t batch_bytes_max);
  // A record that was already read is now damaged: its spans are lost.
  void unreadable(uint32_t journal, size_t lane, uint32_t life, uint64_t sequence);
  void judged(size_t lane, uint32_t life, const std::vector<uint64_t>& spans,
              const Outcome& outcome);
  // Another lane of that life has taken over, without its predecessor's state.
  void replaced(size_t lane, uint32_t life);

  // --- the world's side
  void died(uint32_t life);
  void power_went();
  void segment_synced(const std::string& path, bool well);
  void letters_changed() { letters_changed_ = true; }
  // Wall time jumped while no agent was running.
  void clock_jumped_unseen(Duration by) { unseen_jumps_ += by; }
  void set_limits(const Limits& limits) { limits_ = limits; }

  // The invariants that hold at every moment, for one lane's books in one journal.
  void check_books(uint32_t journal, size_t lane, const LaneBooks& books);
  // A lane's backlog, over all journals.
  void note_backlog(size_t lane, uint64_t bytes);
  // When a life has settled everything: its rejected spans match the rejections in the answers.
  void check_rejected(uint32_t life) const;
  // At the end: everything that was answered OK has an outcome, at both destinations.
  void check_end() const;

  [[nodiscard]] const Request& request(uint32_t number) const { return requests_[number]; }
  [[nodiscard]] uint64_t ok_spans() const { return ok_spans_; }

 private:
  // kCarried: its copy is stored, and has not been read in this life.
  enum class RecordState : uint8_t { kUnread, kRead, kCarried, kSettled, kDurable, kGone };
  enum class SpanState : uint8_t { kIdle, kInFlight, kDelivered };

  struct SpanAtLane {
    uint64_t life = 0;  // the state applies to this lane's life; in others it is kIdle
    SpanState state = SpanState::kIdle;
    uint8_t verdicts = 0;               // on it alone, each after a delivery since the one before
    uint64_t delivered_at_verdict = 0;  // number of delivered requests
    // The spans that the last verdict refused with it, without those that passed since.
    std::shared_ptr<std::set<uint64_t>> refused_with{};
    uint32_t body_spans = 0;  // of the last request that began with this span
    uint32_t body_crc = 0;
  };
  struct Snapshot {
    SpanCounts settled;
    size_t log_size = 0;
  };
  struct OpenRecord {
    uint32_t request = 0;
    std::vector<uint64_t> spans;
    size_t bytes = 0;
    bool copy = false;
  };
  struct LaneModel {
    bool present = false;
    size_t next = 0;   // position of the next record to read, or earlier
    size_t ended = 0;  // position up to which the lane has seen the journal's end
    // An agent that does not know the lane has begun to open the journal: the cursor may be gone.
    bool may_be_new = false;
    SpanCounts settled;
    uint64_t accepted_at_open = 0;
    uint64_t ok_since_open = 0;  // spans
    uint64_t open_spans = 0;     // read and not settled
    uint64_t open_bytes = 0;
    std::map<uint64_t, OpenRecord> open;  // by sequence
    // Requests that were carried over, with the checksums that a copy may have.
    std::map<uint32_t, std::set<uint32_t>> moved;
    std::deque<uint32_t> log;             // requests settled since the durable snapshot, in order
    std::vector<Snapshot> snapshots{{}};  // the durable one, and those that may be durable
  };
  struct Rejected {
    uint64_t told = 0;  // by the answers
    uint64_t settled = 0;
  };
  struct JournalModel {
    std::string folder;
    Durability durability = Durability::kDisk;
    bool lossy = false;  // damage is expected
    std::vector<uint32_t> appended;
    std::vector<uint32_t> ok_unsynced;
    std::array<LaneModel, kLanes> lanes;
  };

  void check_drained(const JournalModel& journal, size_t lane);
  // Records that were read but not settled are unread again. For a lane that takes over, copies
  // stay carried; in another life, the original may be found again.
  void unread(LaneModel& at, size_t lane, RecordState copies);
  void resume(JournalModel& journal, size_t lane, uint32_t life, const LaneBooks& books);
  void check_passed_over(const JournalModel& journal, size_t lane, uint32_t request);
  void check_moved(const LaneModel& at, size_t lane);
  void read_record(JournalModel& journal, size_t lane, uint32_t life, const JournalRecord& record);
  void read_end(JournalModel& journal, size_t lane, const LaneBooks& books);
  void read_damage(JournalModel& journal, size_t lane, const JournalDamage& damage);
  void read_copy(LaneModel& at, size_t lane, uint32_t request, const JournalRecord& record);
  void open(LaneModel& at, size_t lane, uint32_t request, const JournalRecord& record);
  void check_words(const OpenRecord& record, size_t lane, uint64_t lane_life,
                   const SpanCounts& counts);
  [[nodiscard]] bool is_record(size_t lane, const std::vector<uint64_t>& spans) const;
  void check_expiry(const Request& request, size_t lane) const;
  void find_letters();
  // Others passed between two verdicts on it, which is the condition for giving up a span.
  [[nodiscard]] static bool convicted(const SpanAtLane& span) { return span.verdicts >= 2; }
  RecordState& state(size_t lane, uint32_t request);
  SpanAtLane& at(size_t lane, uint64_t span, uint64_t lane_life);
  [[nodiscard]] uint64_t lane_of(size_t lane, uint32_t life) const;

  const Clock& clock_;
  MemoryFileSystem& files_;
  Requests& requests_;
  Trace& trace_;
  std::map<std::string, uint32_t> journal_numbers_;
  std::deque<JournalModel> journals_;
  std::array<std::vector<RecordState>, kLanes> states_;  // by request
  std::array<std::vector<SpanAtLane>, kLanes> spans_;    // by span
  std::array<std::set<uint64_t>, kLanes> letters_;       // spans with a dead letter
  bool letters_changed_ = false;
  Limits limits_;
  std::map<std::pair<uint64_t, size_t>, Rejected> rejected_;   // by the lane's life and lane
  std::map<std::pair<uint64_t, size_t>, uint64_t> delivered_;  // requests, by the same key
  std::map<std::pair<uint32_t, size_t>, uint64_t> replaced_;   // how often, by life and lane
  std::array<Tick, kLanes> over_limit_{};  // when a lane last exceeded its limit
  Duration unseen_jumps_{0};
  uint64_t ok_spans_ = 0;
  uint64_t group_step_ = 0;   // when the last request was answered OK,
  uint64_t group_bytes_ = 0;  // and the size of that group
};

}  // namespace dualtrace::agent::sim

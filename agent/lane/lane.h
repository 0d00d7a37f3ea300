// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lane: the asynchronous path to one destination: read → batch → send → settle. It lives on its own
// scheduler (one thread in production) as a plain single-threaded object: exporter answers and
// journal notifications are posted there. Its parts are plain objects: Source reads and batches,
// Outbox holds waiting batches, Gate decides when to send, Evidence what caused a failure, retry.h
// the next step, Patience how long to wait for an answer, expiry.h which spans have waited too
// long. LaneReport reports to people.
//
// Flow: records are read ahead from each journal, batched by bytes and age, and sent with several
//   requests in flight; each answer becomes one step of retry.h's decide().
// Guarantees: every record read is settled exactly once; a resend is byte for byte the same; a lane
//   never waits for another lane.
// Limits: bytes and requests in flight; dead letters by bytes and count.
// Errors: kRetry gates the whole lane (one probing request) with backoff or the server's hint;
//   kPause does the same, slowly; kSplit and kRefuse cut down to the span, and what is left is
//   dead-lettered.
// All public calls are thread-safe and only post, except status() and legacy(). Everything else
// runs on the lane's scheduler.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/journal.h"
#include "agent/lane/batch_size.h"
#include "agent/lane/dead_letters.h"
#include "agent/lane/evidence.h"
#include "agent/lane/expiry.h"
#include "agent/lane/gate.h"
#include "agent/lane/lane_options.h"
#include "agent/lane/lane_report.h"
#include "agent/lane/lane_status.h"
#include "agent/lane/outbox.h"
#include "agent/lane/patience.h"
#include "agent/lane/retry.h"
#include "agent/lane/source.h"
#include "agent/send/exporter.h"
#include "common/metric/metric.h"
#include "common/random/random.h"
#include "common/sync/callback_gate.h"
#include "common/sync/mutex.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

class Lane {
 public:
  // All references must outlive the lane; stop its scheduler before destroying it. The scheduler
  // must also outlive the exporter: once stopped, it drops what the exporter still posts. The
  // journals may call back even later than that.
  Lane(LaneOptions options, Exporter& exporter, DeadLetters& dead_letters, Scheduler& scheduler,
       Random random, MetricRegistry& metrics);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Makes the lane read this journal from the first unsettled record on. The journal is in use
  // until `drained` is called (once, on the lane's scheduler, when everything published is settled
  // and synced) or the scheduler is stopped. Pass the process's own journal with an empty
  // `drained`: it is never released.
  void add_journal(Journal& journal, std::function<void()> drained);
  // Call when credentials may have changed: probes at once if paused.
  void nudge();
  // Stops sending and calls `idle` on the lane's scheduler as soon as no request is in flight,
  // nothing is being carried over, and everything settled is synced (at once if so). Another lane
  // can then take over.
  void halt(std::function<void()> idle);
  // Sends waiting spans without lingering; calls `drained` on the lane's scheduler as soon as
  // nothing waits (at once if so). Part of the shutdown.
  void drain(std::function<void()> drained);
  [[nodiscard]] LaneStatus status() const;
  // For the lane that takes over. Called when the lane's scheduler is stopped.
  [[nodiscard]] LaneLegacy legacy() const;

 private:
  struct Request {
    Batch batch;
    Gate::Pass pass;
    Tick sent;
    Duration timeout;
  };
  struct Burial {
    Batch batch;
    std::string reason;
  };

  // In lane.cc: the asynchronous path.
  void watch(Source& source);
  void advance();
  void read_ahead();
  void read_what_is_there();
  void queue(Batch batch);
  void send_ready();
  std::optional<Batch> next_batch();
  std::optional<Batch> next_probe();
  void send(Batch batch);
  void on_answer(uint64_t number, const Outcome& outcome);
  void settle(const Request& request, uint64_t number, const Outcome& outcome);
  void judge(Request request, const Outcome& outcome);
  void close_gate(const Request& request, const Outcome& outcome, Gate::State why, Duration delay);
  void open_gate(Gate::Pass pass);

  // In judgement.cc: handles a batch that does not pass.
  void wait(Request request, const Outcome& outcome, Gate::State why, Duration delay);
  void park(Batch batch, const Outcome& outcome, Duration delay);
  void cut(Request request, const Outcome& outcome, bool own_fault);
  void put_back(std::pair<Batch, Batch> halves, bool suspect);
  [[nodiscard]] bool cut_in_doubt(const Request& request, const Outcome& outcome, Duration delay);
  [[nodiscard]] bool set_defects_apart(Request& request, const Outcome& outcome);
  [[nodiscard]] bool convicted(const Batch& batch) const;
  void bury(Batch batch);
  void keep_letters();

  // In lane_storage.cc: keeps long waits from occupying memory, or disk space that others need.
  void make_room();
  void put_away(Batch batch);
  void free_pinned_segments();
  [[nodiscard]] std::vector<Batch> carry_over(std::vector<Batch> batches);
  void on_carried(const OpenRecord* record, const Status& stored);
  [[nodiscard]] bool load(Batch& batch);

  // In lane_upkeep.cc: periodic and background work.
  void keep_up();
  void keep_up_soon();
  void rest();
  void stop_resting();
  [[nodiscard]] bool is_idle() const;
  void expire_some();
  void keep_losses();
  void sync_soon();
  void sync_journals();
  void let_go_drained();
  void finish_drain();
  void finish_halt();
  void show_status();
  void set_wake_up();
  void note_success();
  void note_error(const Outcome& outcome);
  // Whether everything that was published has been read and is in batches.
  [[nodiscard]] bool sources_exhausted() const;
  [[nodiscard]] bool nothing_waits() const;
  [[nodiscard]] bool only_suspects_wait() const;
  [[nodiscard]] BatchLimits batch_limits() const;
  // The bytes that count against the read-ahead limit.
  [[nodiscard]] size_t bytes_ahead() const;
  [[nodiscard]] size_t bytes_held() const;
  // The bytes of batches that wait beside the line or are being appended to the journal's end.
  [[nodiscard]] size_t bytes_aside() const { return outbox_.suspect_bytes() + carrying_bytes_; }
  [[nodiscard]] size_t bytes_max() const {
    return options_.requests_in_flight_max * options_.batch_bytes_max;
  }
  [[nodiscard]] Tick now() { return scheduler_.clock().tick(); }

  const LaneOptions options_;
  const RetryPolicy policy_;
  Exporter& exporter_;
  DeadLetters& dead_letters_;
  Scheduler& scheduler_;
  // Guards the journals' callbacks, which may run after the lane is gone.
  const std::shared_ptr<CallbackGate> callbacks_ = std::make_shared<CallbackGate>();

  // Used from the lane's scheduler only.
  Random random_;
  LaneReport report_;
  std::vector<std::unique_ptr<Source>> sources_;
  size_t next_source_ = 0;  // to read a batch from; sources take turns
  Outbox outbox_;
  Gate gate_;
  BatchSize batch_size_;
  Patience patience_;
  Evidence evidence_;
  AgeLimit age_limit_;
  std::map<uint64_t, Request> in_flight_;  // by number
  size_t in_flight_bytes_ = 0;
  uint32_t suspects_in_flight_ = 0;
  Scheduler::TimerId upkeep_ = 0;
  bool rests_ = false;         // nothing to do until the next upkeep, which is far away
  uint32_t sent_in_line_ = 0;  // since a suspect was sent
  bool probed_suspect_ = false;
  uint64_t requests_ = 0;  // sent so far; the number of the last one
  std::map<const OpenRecord*, std::vector<Batch>> carrying_;  // being appended to the journal's end
  size_t carrying_bytes_ = 0;
  Tick carry_again_{};
  uint32_t carry_failures_ = 0;
  std::vector<Burial> burials_;  // their letters are added but not yet kept
  uint64_t losses_kept_ = 0;     // Losses::changes() of the last note
  bool unsynced_ = false;
  bool sync_planned_ = false;
  bool expiring_ = false;  // a continuation is posted
  bool draining_ = false;
  bool halted_ = false;
  std::vector<std::function<void()>> when_drained_;
  std::vector<std::function<void()>> when_idle_;
  std::optional<Tick> wake_up_at_;  // set while wake_up_ is
  Scheduler::TimerId wake_up_ = 0;

  mutable Mutex mutex_;
  // Has the state while something waits, and the books except those of the process's own journal.
  LaneStatus status_ DT_GUARDED_BY(mutex_);
  LaneBooks let_go_books_ DT_GUARDED_BY(mutex_);
  // The process's own journal. Its books are read when the status is requested, so that they
  // include what was answered "stored" a moment ago, even if the lane has not read it yet. Adopted
  // journals may be removed at any moment, and nothing is stored in them.
  JournalLane* own_journal_ DT_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// SimAgent: one agent process, assembled as in agent/app, on the simulation's single thread: the
// schedulers of the journals, the lanes and the adopter are queues, and the simulation chooses
// which one runs next. Like a process, it can end at any point. Used from one thread.

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/app/adopter.h"
#include "agent/journal/folders.h"
#include "agent/lane/dead_letters.h"
#include "agent/lane/lane.h"
#include "tests/fakes/default_delivery.h"
#include "tests/fakes/fake_exporter.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/sim/clients.h"
#include "tests/sim/destination.h"
#include "tests/sim/disk.h"
#include "tests/sim/watched_journal.h"

namespace dualtrace::agent::sim {

struct SimAgentOptions {
  std::array<bool, kLanes> lanes = {true, true};
  Durability durability = Durability::kDisk;
  Duration commit_delay{};
  uint64_t segment_bytes = 0;
  uint64_t segments_max = 0;
  uint64_t queue_bytes_max = 0;
  DiskShare min_free;
  FolderRights rights;  // without a uid: an earlier agent, which leaves folders without a mark
  ClientOptions clients;
  LaneOptions lane{"", default_delivery()};  // each lane sets its own name
};

// The environment that all agents share.
struct SimWorld {
  FakeClock& clock;
  Disk& disk;
  Requests& requests;
  Witness& witness;
  Random& random;
  MetricRegistry& metrics;
  // The exporter of that lane, in that run of an agent, gives up its requests in flight.
  std::function<void(size_t lane, uint32_t life)> cancel;
};

class SimAgent {
 public:
  // Fails like the real one, or throws ProcessDied.
  static Result<std::unique_ptr<SimAgent>> start(const SimAgentOptions& options,
                                                 const SimWorld& world, uint32_t life);
  ~SimAgent();
  SimAgent(const SimAgent&) = delete;
  SimAgent& operator=(const SimAgent&) = delete;

  [[nodiscard]] uint32_t life() const { return life_; }
  [[nodiscard]] bool ready() const;
  // Runs one task of any thread, and checks the invariants afterwards; returns false if there is
  // none to run. Throws ProcessDied.
  bool run_one();
  [[nodiscard]] std::optional<Tick> next_timer() const;
  void send(size_t peer, uint32_t request, std::string payload);
  void nudge(size_t lane);
  // Replaces the lane, as a reload does, some tasks later; if possible once nothing is in
  // flight.
  void replace_lane(size_t lane);
  void drain();
  // Passes the lanes' requests to the destinations.
  void collect(std::array<Destination, kLanes>& destinations);
  // Every request was answered, and everything is settled, including adopted journals.
  [[nodiscard]] bool caught_up() const;
  // The folders of the open journals, its own first.
  [[nodiscard]] std::vector<std::string> folders() const;

 private:
  // A scheduler whose tasks the agent can choose to run, while the agent lives.
  class Thread;
  struct LaneThread;

  SimAgent(const SimAgentOptions& options, const SimWorld& world, uint32_t life);
  Result<std::unique_ptr<Journal>> open_journal(const JournalOptions& options,
                                                Scheduler& scheduler);
  void make_lanes();
  void swap_lane(size_t lane);
  void check() const;
  [[nodiscard]] uint64_t held_bytes_max() const;

  const SimAgentOptions options_;
  const SimWorld world_;
  const uint32_t life_;
  std::vector<FakeScheduler*> threads_;
  std::map<std::string, WatchedJournal*> journals_;  // by folder: its own and the adopted
  OwnedFolder folder_;
  Clients clients_;  // outlives its tickets in the journals
  std::unique_ptr<Scheduler> journal_scheduler_;
  std::unique_ptr<Journal> journal_;
  std::array<std::unique_ptr<LaneThread>, kLanes> lanes_;
  std::unique_ptr<Adopter> adopter_;
  std::unique_ptr<Scheduler> reload_scheduler_;
  std::array<bool, kLanes> replacing_{};
};

}  // namespace dualtrace::agent::sim

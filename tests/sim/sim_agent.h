#pragma once
// SimAgent: one agent process, as agent/app puts it together, on the simulation's one thread: the
// scheduler of the journal and that of each lane are queues, of which the simulation chooses one
// to go on with. It ends like a process: at once, wherever it is.
// Used from one thread.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/folders.h"
#include "agent/lane/dead_letters.h"
#include "agent/lane/lane.h"
#include "tests/fakes/fake_exporter.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/sim/destination.h"
#include "tests/sim/disk.h"
#include "tests/sim/watched_journal.h"

namespace dualtrace::agent::sim {

struct SimAgentOptions {
  std::array<bool, kLanes> lanes = {true, true};
  Durability durability = Durability::kDisk;
  uint64_t segment_bytes = 0;
  uint64_t segments_max = 0;
  uint64_t queue_bytes_max = 0;
  LaneOptions lane;  // without its name
};

// What all agents have around them.
struct SimWorld {
  FakeClock& clock;
  Disk& disk;
  Witness& witness;
  Random& random;
  MetricRegistry& metrics;
};

class SimAgent {
 public:
  // Fails like the true one, or dies on the way.
  static Result<std::unique_ptr<SimAgent>> start(const SimAgentOptions& options,
                                                 const SimWorld& world, uint32_t life);
  ~SimAgent();
  SimAgent(const SimAgent&) = delete;
  SimAgent& operator=(const SimAgent&) = delete;

  [[nodiscard]] uint32_t life() const { return life_; }
  [[nodiscard]] bool ready() const;
  // Runs one task of one thread, whichever, and checks what must hold then; false when there is
  // none to run. Throws ProcessDied.
  bool run_one();
  [[nodiscard]] std::optional<Tick> next_timer() const;
  void append(uint32_t request, std::string payload);
  void nudge(size_t lane);
  // Hands over what the lanes have sent.
  void collect(std::array<Destination, kLanes>& destinations);
  [[nodiscard]] bool caught_up() const { return journal_->caught_up(); }
  [[nodiscard]] uint64_t segments() const { return journal_->segments(); }
  [[nodiscard]] const std::string& folder() const { return folder_.path; }

 private:
  struct LaneThread {
    LaneThread(size_t lane, const SimAgentOptions& options, const SimWorld& world);

    FakeScheduler scheduler;
    DeadLetters dead_letters;
    FakeExporter exporter;
    std::unique_ptr<Lane> lane;
  };

  SimAgent(const SimAgentOptions& options, const SimWorld& world, uint32_t life);
  void check_lane(size_t lane);

  const SimAgentOptions options_;
  const SimWorld world_;
  const uint32_t life_;
  OwnedFolder folder_;
  FakeScheduler journal_scheduler_;
  std::unique_ptr<WatchedJournal> journal_;
  std::array<std::unique_ptr<LaneThread>, kLanes> lanes_;
};

}  // namespace dualtrace::agent::sim

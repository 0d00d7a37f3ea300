#include "tests/sim/sim_agent.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent::sim {
namespace {

constexpr const char* kDataFolder = "/data";

void drop_tasks(FakeScheduler& scheduler) {
  scheduler.posted.clear();
  scheduler.timers.clear();
}

}  // namespace

SimAgent::LaneThread::LaneThread(size_t index, const SimAgentOptions& options,
                                 const SimWorld& world)
    : scheduler(world.clock),
      dead_letters({.folder = std::string(kDataFolder) + "/dead-letters/" + kLaneNames[index],
                    .destination = kLaneNames[index],
                    .bytes_max = 256 * 1024},
                   world.disk.files, world.metrics),
      exporter(scheduler) {
  LaneOptions lane_options = options.lane;
  lane_options.name = kLaneNames[index];
  lane = make_lane(std::move(lane_options), exporter, dead_letters, scheduler,
                   Random(world.random.next()), world.metrics);
}

SimAgent::SimAgent(const SimAgentOptions& options, const SimWorld& world, uint32_t life)
    : options_(options), world_(world), life_(life), journal_scheduler_(world.clock) {}

Result<std::unique_ptr<SimAgent>> SimAgent::start(const SimAgentOptions& options,
                                                  const SimWorld& world, uint32_t life) {
  world.witness.opening(options.lanes);
  std::unique_ptr<SimAgent> agent(new SimAgent(options, world, life));
  Result<OwnedFolder> folder = claim_folder(world.disk.files, kDataFolder, world.random.next());
  if (!folder) return fail(folder.error());
  agent->folder_ = *std::move(folder);
  JournalOptions journal_options{.folder = agent->folder_.path,
                                 .durability = options.durability,
                                 .lanes = {},
                                 .segment_bytes = options.segment_bytes,
                                 .segments_max = options.segments_max,
                                 .queue_bytes_max = options.queue_bytes_max};
  for (size_t i = 0; i < kLanes; ++i) {
    if (options.lanes[i]) journal_options.lanes.emplace_back(kLaneNames[i]);
  }
  auto journal = Journal::open(journal_options, world.disk.files, agent->journal_scheduler_);
  if (!journal) return fail(journal.error());
  agent->journal_ =
      std::make_unique<WatchedJournal>(*std::move(journal), world.witness, agent->folder_.path,
                                       life, options.durability, options.lanes);
  for (size_t i = 0; i < kLanes; ++i) {
    if (!options.lanes[i]) continue;
    agent->lanes_[i] = std::make_unique<LaneThread>(i, options, world);
    agent->lanes_[i]->lane->add_journal(*agent->journal_, {});
  }
  return agent;
}

// As when a process dies: no task runs any more, and nothing that goes touches the disk.
SimAgent::~SimAgent() {
  const bool was_gone = std::exchange(world_.disk.gone, true);
  drop_tasks(journal_scheduler_);
  for (auto& lane : lanes_) {
    if (lane) drop_tasks(lane->scheduler);
  }
  for (auto& lane : lanes_) lane.reset();
  journal_.reset();
  world_.disk.gone = was_gone;
}

bool SimAgent::ready() const {
  return journal_scheduler_.ready() || std::any_of(lanes_.begin(), lanes_.end(), [](const auto& l) {
           return l && l->scheduler.ready();
         });
}

bool SimAgent::run_one() {
  const size_t first = world_.random.below(kLanes + 1);
  for (size_t i = 0; i <= kLanes; ++i) {
    const size_t thread = (first + i) % (kLanes + 1);
    if (thread == kLanes) {
      if (!journal_scheduler_.run_one()) continue;
      for (size_t lane = 0; lane < kLanes; ++lane) check_lane(lane);
    } else {
      if (!lanes_[thread] || !lanes_[thread]->scheduler.run_one()) continue;
      check_lane(thread);
    }
    return true;
  }
  return false;
}

void SimAgent::check_lane(size_t lane) {
  world_.witness.note_backlog(lane, journal_->check_lane(lane));
}

std::optional<Tick> SimAgent::next_timer() const {
  std::optional<Tick> next;
  const auto consider = [&next](const FakeScheduler& scheduler) {
    if (scheduler.timers.empty()) return;
    const Tick first = scheduler.timers.begin()->first.first;
    next = std::min(next.value_or(first), first);
  };
  consider(journal_scheduler_);
  for (const auto& lane : lanes_) {
    if (lane) consider(lane->scheduler);
  }
  return next;
}

void SimAgent::append(uint32_t request, std::string payload) {
  journal_->append(request, std::move(payload));
}

void SimAgent::nudge(size_t lane) {
  if (lanes_[lane]) lanes_[lane]->lane->nudge();
}

void SimAgent::collect(std::array<Destination, kLanes>& destinations) {
  for (size_t i = 0; i < kLanes; ++i) {
    if (lanes_[i]) destinations[i].collect(lanes_[i]->exporter, life_, options_.lane);
  }
}

}  // namespace dualtrace::agent::sim

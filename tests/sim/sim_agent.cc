// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_agent.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent::sim {
namespace {

constexpr const char* kDataFolder = "/data";

}  // namespace

class SimAgent::Thread final : public FakeScheduler {
 public:
  explicit Thread(SimAgent& agent) : FakeScheduler(agent.world_.clock), agent_(agent) {
    agent_.threads_.push_back(this);
  }
  ~Thread() override { std::erase(agent_.threads_, this); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

 private:
  SimAgent& agent_;
};

struct SimAgent::LaneThread {
  LaneThread(size_t index, SimAgent& agent, LaneLegacy legacy)
      : scheduler(agent),
        dead_letters({.folder = std::string(kDataFolder) + "/dead-letters/" + kLaneNames[index],
                      .destination = kLaneNames[index],
                      .bytes_max = kDeadLetterBytesMax},
                     agent.world_.disk.files, agent.world_.metrics),
        exporter(scheduler) {
    LaneOptions options = agent.options_.lane;
    options.name = kLaneNames[index];
    options.legacy = std::move(legacy);
    lane = std::make_unique<Lane>(std::move(options), exporter, dead_letters, scheduler,
                                  Random(agent.world_.random.next()), agent.world_.metrics);
  }

  Thread scheduler;
  DeadLetters dead_letters;
  FakeExporter exporter;
  std::unique_ptr<Lane> lane;
};

SimAgent::SimAgent(const SimAgentOptions& options, const SimWorld& world, uint32_t life)
    : options_(options),
      world_(world),
      life_(life),
      clients_(options.clients, world.requests, world.witness,
               [this](uint32_t request, std::string payload, Clients::Stored stored) {
                 journals_.at(folder_.path)->append(request, std::move(payload), std::move(stored));
               }) {}

Result<std::unique_ptr<SimAgent>> SimAgent::start(const SimAgentOptions& options,
                                                  const SimWorld& world, uint32_t life) {
  std::unique_ptr<SimAgent> agent(new SimAgent(options, world, life));
  Result<OwnedFolder> folder =
      claim_folder(world.disk.files, kDataFolder, options.rights, world.random.next());
  if (!folder) return fail(folder.error());
  agent->folder_ = *std::move(folder);
  JournalOptions journal_options{.folder = agent->folder_.path,
                                 .durability = options.durability,
                                 .commit_delay = options.commit_delay,
                                 .lanes = {},
                                 .segment_bytes = options.segment_bytes,
                                 .segments_max = options.segments_max,
                                 .queue_bytes_max = options.queue_bytes_max,
                                 .fresh_bytes_max = life % 2 * options.queue_bytes_max / 4,
                                 .min_free = options.min_free};
  for (size_t i = 0; i < kLanes; ++i) {
    if (options.lanes[i]) journal_options.lanes.emplace_back(kLaneNames[i]);
  }
  agent->journal_scheduler_ = std::make_unique<Thread>(*agent);
  auto journal = agent->open_journal(journal_options, *agent->journal_scheduler_);
  if (!journal) return fail(journal.error());
  agent->journal_ = *std::move(journal);
  agent->reload_scheduler_ = std::make_unique<Thread>(*agent);
  agent->make_lanes();
  agent->adopter_ = std::make_unique<Adopter>(
      kDataFolder, options.rights, journal_options,
      Adopter::Parts{.files = world.disk.files,
                     .make_scheduler =
                         [&made = *agent](const std::string& /*name*/) {
                           return std::make_unique<Thread>(made);
                         },
                     .open_journal =
                         [&made = *agent](const JournalOptions& adopted, Scheduler& scheduler) {
                           return made.open_journal(adopted, scheduler);
                         }});
  for (size_t i = 0; i < kLanes; ++i) {
    if (agent->lanes_[i]) agent->adopter_->attach(kLaneNames[i], *agent->lanes_[i]->lane, [] {});
  }
  return agent;
}

Result<std::unique_ptr<Journal>> SimAgent::open_journal(const JournalOptions& options,
                                                        Scheduler& scheduler) {
  world_.witness.opening(world_.witness.journal_at(options.folder), options_.lanes);
  auto journal = Journal::open(options, world_.disk.files, scheduler);
  if (!journal) return journal;
  auto watched = std::make_unique<WatchedJournal>(
      *std::move(journal), world_.witness, options.folder, life_, options.durability,
      options_.lanes, world_.random, [this, folder = options.folder] { journals_.erase(folder); });
  journals_.emplace(options.folder, watched.get());
  return std::unique_ptr<Journal>(std::move(watched));
}

void SimAgent::make_lanes() {
  for (size_t i = 0; i < kLanes; ++i) {
    if (!options_.lanes[i]) continue;
    lanes_[i] = std::make_unique<LaneThread>(i, *this, LaneLegacy());
    lanes_[i]->lane->add_journal(*journal_, {});
  }
}

// Like the death of a process: no more tasks run, and destructors do not touch the disk.
SimAgent::~SimAgent() {
  const bool was_gone = std::exchange(world_.disk.gone, true);
  for (FakeScheduler* thread : threads_) thread->stop();
  adopter_.reset();
  for (auto& lane : lanes_) lane.reset();
  journal_.reset();
  journal_scheduler_.reset();
  reload_scheduler_.reset();
  world_.disk.gone = was_gone;
}

bool SimAgent::ready() const {
  return std::any_of(threads_.begin(), threads_.end(),
                     [](const FakeScheduler* thread) { return thread->ready(); });
}

bool SimAgent::run_one() {
  const size_t first = world_.random.below(threads_.size());
  for (size_t i = 0; i < threads_.size(); ++i) {
    FakeScheduler& thread = *threads_[(first + i) % threads_.size()];
    if (!thread.ready()) continue;
    thread.run_one();
    check();
    return true;
  }
  return false;
}

void SimAgent::check() const {
  std::array<uint64_t, kLanes> backlog_bytes{};
  for (const auto& [folder, journal] : journals_) {
    for (size_t lane = 0; lane < kLanes; ++lane) backlog_bytes[lane] += journal->check_lane(lane);
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    world_.witness.note_backlog(lane, backlog_bytes[lane]);
    if (!lanes_[lane]) continue;
    const uint64_t held = lanes_[lane]->lane->status().bytes_held;
    if (held > held_bytes_max()) {
      throw Violation{"a lane holds " + std::to_string(held) + " bytes"};
    }
  }
}

// The batches in flight, the same amount of suspects, and a record that was read when there was
// almost no room left; plus some for the headers that are repeated in each part of a split
// request.
uint64_t SimAgent::held_bytes_max() const {
  const LaneOptions& lane = options_.lane;
  const uint64_t in_flight = lane.requests_in_flight_max * lane.batch_bytes_max;
  return 2 * in_flight + lane.batch_bytes_max + 2 * options_.segment_bytes;
}

std::optional<Tick> SimAgent::next_timer() const {
  std::optional<Tick> next;
  for (const FakeScheduler* thread : threads_) {
    if (thread->timers.empty()) continue;
    const Tick first = thread->timers.begin()->first.first;
    next = std::min(next.value_or(first), first);
  }
  return next;
}

void SimAgent::send(size_t peer, uint32_t request, std::string payload) {
  clients_.send(peer, request, std::move(payload));
}

void SimAgent::nudge(size_t lane) {
  if (lanes_[lane]) lanes_[lane]->lane->nudge();
}

// The steps of agent/app/delivery.cc. Where that waits for a thread, a callback continues here.
void SimAgent::replace_lane(size_t lane) {
  if (!lanes_[lane] || std::exchange(replacing_[lane], true)) return;
  const auto detach = [this, lane] {
    adopter_->detach(kLaneNames[lane],
                     [this, lane] { reload_scheduler_->post([this, lane] { swap_lane(lane); }); });
  };
  const bool patient = world_.random.below(2) == 0;
  lanes_[lane]->lane->halt(patient ? std::function<void()>(detach) : [] {});
  if (!patient) detach();
}

void SimAgent::swap_lane(size_t lane) {
  LaneThread& old = *lanes_[lane];
  old.scheduler.stop();
  world_.cancel(lane, life_);
  world_.witness.replaced(lane, life_);
  auto next = std::make_unique<LaneThread>(lane, *this, old.lane->legacy());
  lanes_[lane] = std::move(next);
  Lane& fresh = *lanes_[lane]->lane;
  fresh.add_journal(*journal_, {});
  adopter_->attach(kLaneNames[lane], fresh, [this, lane] { replacing_[lane] = false; });
}

void SimAgent::drain() {
  for (const auto& lane : lanes_) {
    if (lane) lane->lane->drain([] {});
  }
}

void SimAgent::collect(std::array<Destination, kLanes>& destinations) {
  for (size_t i = 0; i < kLanes; ++i) {
    if (lanes_[i]) destinations[i].collect(lanes_[i]->exporter, life_, options_.lane);
  }
}

std::vector<std::string> SimAgent::folders() const {
  std::vector<std::string> folders = {folder_.path};
  for (const auto& [folder, journal] : journals_) {
    if (folder != folder_.path) folders.push_back(folder);
  }
  return folders;
}

bool SimAgent::caught_up() const {
  return clients_.idle() &&
         std::all_of(journals_.begin(), journals_.end(),
                     [](const auto& journal) { return journal.second->caught_up(); });
}

}  // namespace dualtrace::agent::sim

// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/simulation.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent::sim {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr uint64_t kSparesMax = 2;
// Files in a folder besides the segments in use: spares, and one that is being created.
constexpr uint64_t kIdleSegmentsMax = kSparesMax + 1;
// A predecessor, its successor, and a third one.
constexpr size_t kAgentsMax = 3;

// Chances in 65536 disk calls.
constexpr uint32_t kDiesNowAndThen = 200;
constexpr uint32_t kDiesOften = 4000;

}  // namespace

Simulation::Simulation(uint64_t seed, MetricRegistry& metrics) : random_(seed), metrics_(metrics) {
  disk_.watch(witness_, trace_);
  choose_options();
}

void Simulation::choose_options() {
  for (bool* trouble : {&climate_.deaths, &climate_.power_losses, &climate_.read_errors,
                        &climate_.write_errors, &climate_.sync_errors, &climate_.full_disks,
                        &climate_.bad_destinations, &climate_.clock_jumps, &climate_.lane_changes,
                        &climate_.reloads, &climate_.upgrades, &climate_.greedy_clients}) {
    *trouble = chance(2);
  }
  options_.durability = chance(4) ? Durability::kMemory : Durability::kDisk;
  options_.commit_delay = milliseconds(random_.below(4) * 3);
  options_.segment_bytes = 4096 * (2 + random_.below(12));
  options_.segments_max = chance(4) ? 3 + random_.below(4) : 200;
  options_.queue_bytes_max = chance(4) ? 20'000 : 1'000'000;
  if (chance(2)) options_.min_free = {.percent = 1 + static_cast<uint32_t>(random_.below(30))};
  options_.clients = {.memory_bytes = 2 * options_.segment_bytes + random_.below(60'000),
                      .under_way_bytes_max =
                          chance(2) ? 2 * options_.queue_bytes_max : 2000 + random_.below(20'000)};
  LaneOptions& lane = options_.lane;
  lane.batch_bytes_target = 500 + random_.below(4000);
  lane.batch_bytes_max = lane.batch_bytes_target + 200 + random_.below(4000);
  lane.linger = milliseconds(random_.below(400));
  lane.steady_linger = lane.linger * (1 + random_.below(3));
  lane.bodies = std::make_shared<SharedBodies>(kLanes);
  lane.requests_in_flight_max = 1 + static_cast<uint32_t>(random_.below(5));
  lane.backoff = {.base = milliseconds(100), .max = seconds(1 + random_.below(8))};
  lane.pause_probe_interval = seconds(3);
  lane.backlog_bytes_max = chance(3) ? 20'000 + random_.below(100'000) : 1ULL << 40;
  lane.age_max = chance(3) ? Duration(minutes(5 + random_.below(60))) : Duration(hours(10'000));
  witness_.set_limits({lane.backlog_bytes_max, lane.age_max, options_.queue_bytes_max});
  busyness_ = 2 + static_cast<uint32_t>(random_.below(20));
}

void Simulation::run(uint64_t steps) {
  for (uint64_t i = 0; i < steps; ++i) step();
  calm_down();
  catch_up();
  // The next run of the agent finds everything settled, too.
  bury_agent();
  catch_up();
  check_room_at_end();
  witness_.check_end();
}

void Simulation::step() {
  trace_.begin_step();
  ++tally_.steps;
  try {
    act();
  } catch (const ProcessDied&) {
    bury_agent();
  }
  for (const auto& agent : agents_) agent->collect(destinations_);
  for (Destination& destination : destinations_) destination.time_out();
  if (trace_.step() % 16 == 0) check_room();
}

void Simulation::act() {
  if (agents_.empty()) return start_agent();
  const uint64_t dice = random_.below(1000);
  if (dice < 10) return change_weather();
  if (dice < 11 && climate_.clock_jumps) return jump_clock();
  acting_ = random_.below(agents_.size());
  if (dice < 12 && climate_.deaths && chance(2)) return bury_agent();
  if (dice < 13 && climate_.upgrades && agents_.size() < kAgentsMax && chance(2)) {
    return start_agent();
  }
  if (dice < 14) return agents_[acting_]->nudge(random_.below(kLanes));
  if (dice < 15 && agents_.size() > 1 && chance(4)) return agents_.front()->drain();
  if (dice < 16 && climate_.reloads) return reload_lane();
  if (dice < 16 + busyness_ * 10) return append_some();
  if (dice < 400 && destinations_[random_.below(kLanes)].act()) return;
  if (dice < 960 && run_one()) return;
  pass_time();
}

bool Simulation::run_one() {
  const size_t first = random_.below(agents_.size());
  for (size_t i = 0; i < agents_.size(); ++i) {
    acting_ = (first + i) % agents_.size();
    if (agents_[acting_]->run_one()) return true;
  }
  return false;
}

void Simulation::start_agent() {
  const uint64_t failures = disk_.failures;
  options_.rights.mine.uid = chance(4) ? "" : "the-export";
  acting_ = agents_.size();
  trace_.add("start", {}, lives_ + 1);
  const auto cancel = [this](size_t lane, uint32_t life) { destinations_[lane].forget(life); };
  auto started = SimAgent::start(
      options_, {clock_, disk_, requests_, witness_, random_, metrics_, cancel}, ++lives_);
  if (started) {
    agents_.push_back(*std::move(started));
    return;
  }
  trace_.add("does not start", started.error().message);
  const bool excused = disk_.failures > failures || disk_.files.bytes_max;
  if (!excused) throw Violation{"the agent does not start: " + started.error().message};
  let_pass(seconds(1));
}

void Simulation::reload_lane() {
  ++tally_.reloads;
  agents_[acting_]->replace_lane(random_.below(kLanes));
}

void Simulation::append_some() {
  // In some runs, two peers send as much as they can.
  const size_t peer = random_.below(Clients::kPeers);
  const bool greedy = climate_.greedy_clients && peer < 2;
  for (uint64_t count = chance(3) ? 1 + random_.below(greedy ? 300 : 8) : 1; count > 0; --count) {
    std::string payload;
    const uint32_t number = requests_.make(random_, options_.segment_bytes, payload);
    trace_.add("send", {}, number, payload.size());
    agents_.back()->send(peer, number, std::move(payload));
  }
}

// Mostly advances to the next timer; sometimes tasks that are due have to wait.
void Simulation::pass_time() {
  Duration by = microseconds(random_.below(200'000));
  bool ready = false;
  std::optional<Tick> next;
  const auto consider = [&next](std::optional<Tick> when) {
    if (when) next = std::min(next.value_or(*when), *when);
  };
  for (const Destination& destination : destinations_) consider(destination.next_timeout());
  for (const auto& agent : agents_) {
    consider(agent->next_timer());
    ready |= agent->ready();
  }
  if (next && !ready && !chance(4)) by = std::max(*next - clock_.tick(), Duration(0));
  if (chance(200)) by += seconds(random_.below(120));
  let_pass(by);
}

void Simulation::let_pass(Duration by) {
  clock_.advance(by);
  if (trouble_until_ != Tick() && clock_.tick() >= trouble_until_) {
    trouble_until_ = {};
    disk_.trouble = {};
    if (climate_.deaths) disk_.trouble.dies = kDiesNowAndThen;
    disk_.files.bytes_max.reset();
  }
}

void Simulation::change_weather() {
  using Mood = Destination::Mood;
  Destination& destination = destinations_[random_.below(kLanes)];
  const bool well = !climate_.bad_destinations || chance(3);
  destination.set_mood(well ? Mood::kWell : static_cast<Mood>(random_.below(Destination::kMoods)));
  if (trouble_until_ != Tick()) return;
  trouble_until_ = clock_.tick() + milliseconds(random_.below(30'000));
  const uint32_t often = chance(4) ? 65536 : 1 + static_cast<uint32_t>(random_.below(20'000));
  DiskTrouble& trouble = disk_.trouble;
  if (climate_.read_errors && chance(4)) trouble.read_fails = often;
  if (climate_.write_errors && chance(4)) trouble.write_fails = often;
  if (climate_.sync_errors && chance(4)) trouble.sync_fails = often;
  if (climate_.write_errors && chance(8)) trouble.other_fails = often;
  if (climate_.deaths) trouble.dies = chance(8) ? kDiesOften : kDiesNowAndThen;
  if (climate_.full_disks && chance(4)) {
    disk_.files.bytes_max = disk_.files.bytes_used() + random_.below(options_.segment_bytes);
  }
  trace_.add("weather", {}, trouble.read_fails, trouble.sync_fails);
}

void Simulation::jump_clock() {
  const Duration by = chance(2) ? Duration(milliseconds(random_.below(60'000)))
                                : Duration(minutes(random_.below(100'000)));
  const bool forward = chance(2);
  clock_.wall_start += forward ? by : -by;
  // A small jump is intentionally ignored, and so is one of two within a second. The next run of
  // the agent does not know of a large one.
  const bool noticed = by >= minutes(1) && clock_.tick() - jumped_ > minutes(5);
  if (forward && !noticed) witness_.clock_jumped_unseen(by);
  if (forward && noticed) jumps_ += by;
  jumped_ = clock_.tick();
  trace_.add(forward ? "clock jumps on" : "clock jumps back", {},
             static_cast<uint64_t>(by.count() / 1'000'000'000));
}

void Simulation::bury_agent() {
  ++tally_.deaths;
  if (acting_ < agents_.size()) forget_agent(acting_);
  if (climate_.power_losses && chance(2)) lose_power();
  if (climate_.lane_changes && chance(8)) change_lanes();
  let_pass(milliseconds(random_.below(5000)));
}

void Simulation::forget_agent(size_t index) {
  const uint32_t life = agents_[index]->life();
  trace_.add("died", {}, life);
  agents_.erase(agents_.begin() + static_cast<std::ptrdiff_t>(index));
  for (Destination& destination : destinations_) destination.forget(life);
  witness_.died(life);
  witness_.clock_jumped_unseen(std::exchange(jumps_, {}));
}

void Simulation::lose_power() {
  ++tally_.power_losses;
  trace_.add("power goes");
  while (!agents_.empty()) forget_agent(0);
  disk_.files.crash_torn(random_);
  witness_.power_went();
}

// Takes effect in the next agent that starts.
void Simulation::change_lanes() {
  const size_t lane = random_.below(kLanes);
  options_.lanes[lane] = !options_.lanes[lane];
  options_.lanes[1 - lane] = true;
}

void Simulation::calm_down() {
  climate_ = {};
  disk_.trouble = {};
  disk_.files.bytes_max.reset();
  for (Destination& destination : destinations_) destination.set_mood(Destination::Mood::kWell);
  trace_.add("calm");
}

// The journals of dead agents are drained and removed, too.
bool Simulation::caught_up() const {
  return agents_.size() == 1 && agents_[0]->caught_up() && !agents_[0]->ready() &&
         destinations_[0].idle() && destinations_[1].idle() && entries_in("/data", "journal-") == 1;
}

void Simulation::catch_up() {
  const Tick until = clock_.tick() + hours(6);
  while (agents_.size() > 1) forget_agent(0);  // the next agent adopts their journals
  while (!caught_up()) {
    if (clock_.tick() > until) throw Violation{"something is never answered or never delivered"};
    trace_.begin_step();
    ++tally_.steps;
    if (agents_.empty()) {
      start_agent();
      continue;
    }
    const bool busy = destinations_[random_.below(kLanes)].act() || run_one();
    agents_[0]->collect(destinations_);
    if (!busy && !caught_up()) pass_time();
    for (Destination& destination : destinations_) destination.time_out();
  }
  // Cursors are synced within a second, then the segments and dead agents' folders are removed.
  for (int i = 0; i < 100; ++i) {
    let_pass(milliseconds(100));
    while (run_one()) {
    }
  }
  if (!caught_up()) throw Violation{"something is left after everything had arrived"};
  witness_.check_rejected(agents_[0]->life());
}

void Simulation::check_room() const {
  for (const auto& agent : agents_) {
    for (const std::string& folder : agent->folders()) {
      const uint64_t segments = entries_in(folder, "segment-");
      if (segments > options_.segments_max + kIdleSegmentsMax) {
        throw Violation{std::to_string(segments) + " segments are in " + folder};
      }
    }
  }
}

void Simulation::check_room_at_end() const {
  if (entries_in(agents_[0]->folders().front(), "segment-") > kSparesMax + 1) {
    throw Violation{"too many segments are left with an empty backlog"};
  }
}

uint64_t Simulation::entries_in(const std::string& folder, std::string_view prefix) const {
  const std::vector<std::string> names = disk_.files.names(folder);
  return static_cast<uint64_t>(
      std::count_if(names.begin(), names.end(),
                    [prefix](const std::string& name) { return name.starts_with(prefix); }));
}

Simulation::Tally Simulation::tally() const {
  Tally tally = tally_;
  tally.requests = requests_.size();
  tally.spans_ok = witness_.ok_spans();
  tally.disk_failures = disk_.failures;
  tally.seconds = std::chrono::duration<double>(clock_.elapsed - hours(1)).count();
  return tally;
}

}  // namespace dualtrace::agent::sim

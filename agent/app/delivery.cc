// SPDX-License-Identifier: Apache-2.0
#include "agent/app/delivery.h"

#include <algorithm>
#include <utility>

#include "agent/app/latch.h"
#include "common/log/log.h"
#include "common/time/thread_scheduler.h"

namespace dualtrace::agent {
namespace {

// Requests that are not answered within this time may be sent again by the new lane.
constexpr Duration kSettleTime = std::chrono::seconds(5);

std::vector<std::string> lane_names(const AgentConfig& config) {
  std::vector<std::string> names;
  if (config.arize) names.emplace_back(kArizeLane);
  if (config.databricks) names.emplace_back(kDatabricksLane);
  return names;
}

Adopter::Parts adopter_parts(FileSystem& files, Clock& clock) {
  return {.files = files,
          .make_scheduler =
              [&clock](const std::string& name) {
                return std::make_unique<ThreadScheduler>(name, clock);
              },
          .open_journal =
              [&files](const JournalOptions& options, Scheduler& scheduler) {
                return Journal::open(options, files, scheduler);
              }};
}

// Runs `call` with a completion callback and waits until it is called.
template <typename Call>
void wait_for(Call call) {
  const auto done = std::make_shared<Latch>(1);
  call([done] { done->count_down(); });
  done->wait();
}

// The returned pointer shares ownership of the destination.
std::shared_ptr<Scheduler> scheduler_of(const std::shared_ptr<Destination>& destination) {
  return {destination, &destination->scheduler()};
}

}  // namespace

Delivery::Delivery(const AgentConfig& config, JournalOptions adopted, Parts parts)
    : parts_(std::move(parts)),
      bodies_(std::make_shared<SharedBodies>(lane_names(config).size())),
      adopter_(config.delivery.folder, parts_.rights, std::move(adopted),
               adopter_parts(parts_.files, parts_.clock)) {
  std::vector<std::shared_ptr<Destination>> made;
  for (const std::string& name : lane_names(config)) {
    made.push_back(make(name, config, {}));
    begin(*made.back(), [] {});
    parts_.heartbeats.watch(name, scheduler_of(made.back()));
  }
  Lock lock(mutex_);
  destinations_ = std::move(made);
}

std::shared_ptr<Destination> Delivery::make(const std::string& name, const AgentConfig& config,
                                            DestinationLegacy legacy) const {
  return Destination::make(name, config,
                           {.delivery = config.delivery,
                            .files = parts_.files,
                            .clock = parts_.clock,
                            .metrics = parts_.metrics,
                            .bodies = bodies_,
                            .legacy = std::move(legacy)});
}

void Delivery::begin(Destination& destination, std::function<void()> reading) {
  destination.lane().add_journal(parts_.journal, {});
  adopter_.attach(destination.name(), destination.lane(),
                  [&scheduler = destination.scheduler(), reading = std::move(reading)] {
                    scheduler.post(reading);
                  });
}

void Delivery::end(Destination& destination) {
  const auto idle = std::make_shared<Latch>(1);
  destination.lane().halt([idle] { idle->count_down(); });
  if (!idle->wait_until(parts_.clock.tick() + kSettleTime)) {
    log_warn("gave up on requests that were not answered; their spans may be sent again",
             {{"lane", destination.name()}});
  }
  // Detach before the lane stops: the adopter still adds the journals that it finds to attached
  // lanes.
  wait_for([&](auto done) { adopter_.detach(destination.name(), done); });
  destination.stop();
}

// The old destination stays visible until the new one is ready, so that readers always find a lane
// with its ledger.
void Delivery::replace(const std::string& name, const AgentConfig& config) {
  for (const std::shared_ptr<Destination>& old : destinations()) {
    if (old->name() != name) continue;
    end(*old);
    std::shared_ptr<Destination> made = make(name, config, old->legacy());
    wait_for([&](auto done) { begin(*made, done); });
    parts_.heartbeats.watch(name, scheduler_of(made));
    Lock lock(mutex_);
    std::replace(destinations_.begin(), destinations_.end(), old, made);
  }
}

void Delivery::drain(Tick deadline) {
  const auto all = destinations();
  const auto drained = std::make_shared<Latch>(all.size());
  for (const auto& destination : all) {
    destination->lane().drain([drained] { drained->count_down(); });
  }
  drained->wait_until(deadline);
}

void Delivery::stop() {
  for (const auto& destination : destinations()) {
    destination->scheduler().stop();
    // From here on, nothing else uses the lane's side of the journal.
    const Status synced = parts_.journal.lane(destination->name()).sync();
    if (!synced) {
      log_warn("cannot sync a cursor; some spans are sent again",
               {{"lane", destination->name()}, {"error", synced.error().message}});
    }
  }
  adopter_.stop();
}

std::vector<LaneSnapshot> Delivery::lanes() const {
  std::vector<LaneSnapshot> lanes;
  for (const auto& destination : destinations()) {
    const Keeper& keeper = destination->keeper();
    lanes.push_back({destination->lane().status(), keeper.in_use(), keeper.files(),
                     destination->connection_files().found()});
  }
  return lanes;
}

std::vector<std::shared_ptr<Destination>> Delivery::destinations() const {
  Lock lock(mutex_);
  return destinations_;
}

}  // namespace dualtrace::agent

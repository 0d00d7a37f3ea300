// SPDX-License-Identifier: Apache-2.0
#include "agent/app/agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "agent/app/config_reload.h"
#include "agent/app/config_watch.h"
#include "agent/app/delivery.h"
#include "agent/app/descriptors.h"
#include "agent/app/foreign_logs.h"
#include "agent/app/latch.h"
#include "agent/app/leftovers.h"
#include "agent/app/memory_budget.h"
#include "agent/app/owner.h"
#include "agent/app/reload_plan.h"
#include "agent/intake/enricher.h"
#include "agent/intake/intake.h"
#include "agent/journal/folders.h"
#include "agent/journal/journal.h"
#include "agent/observe/heartbeats.h"
#include "agent/observe/snapshot.h"
#include "agent/observe/status_server.h"
#include "agent/receive/receiver.h"
#include "common/io/posix_file_system.h"
#include "common/log/log.h"
#include "common/process/cpus.h"
#include "common/process/descriptors.h"
#include "common/process/memory.h"
#include "common/random/random.h"

namespace dualtrace::agent {
namespace {

// A few batches. A lane that is further behind reads from disk.
constexpr uint64_t kFreshBytesMax = 8 * 1024 * 1024;
constexpr Duration kMemoryInterval = std::chrono::seconds(10);
constexpr Duration kGiveBackPatience = std::chrono::seconds(5);
constexpr uint32_t kReceiverThreadsMost = 8;
constexpr size_t kMemoryKept = 48 * 1024 * 1024;

// The limit of a lane is in bytes on disk, and the lane expires the excess, so its segments alone
// never fill the journal. Allow twice that number, and a few more: for requests in flight, which do
// not expire, for cursors and expiry that lag behind, and for segments that a restart left half
// empty.
uint64_t segments_max(const DeliveryConfig& delivery) {
  return 2 * (delivery.max_backlog / delivery.segment_bytes) + 8;
}

JournalOptions journal_options(const AgentConfig& config, std::string folder) {
  JournalOptions options;
  options.folder = std::move(folder);
  options.durability =
      config.delivery.durability == DurabilityMode::kDisk ? Durability::kDisk : Durability::kMemory;
  if (config.arize) options.lanes.emplace_back(kArizeLane);
  if (config.databricks) options.lanes.emplace_back(kDatabricksLane);
  options.commit_delay = config.delivery.commit_delay;
  options.segment_bytes = config.delivery.segment_bytes;
  options.segments_max = segments_max(config.delivery);
  options.min_free = config.delivery.min_free_disk;
  options.queue_bytes_max = config.receiver.limits.memory_bytes;
  options.fresh_bytes_max = kFreshBytesMax;
  return options;
}

// Unless configured, use as many threads as there are usable CPUs: more would only throttle each
// other. A few threads can receive as much as a disk can store.
ReceiverConfig with_threads(ReceiverConfig receiver) {
  if (receiver.threads == 0) receiver.threads = std::min(usable_cpus(), kReceiverThreadsMost);
  return receiver;
}

LogSeverity severity_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return LogSeverity::kDebug;
    case LogLevel::kInfo:
      return LogSeverity::kInfo;
    case LogLevel::kWarn:
      return LogSeverity::kWarn;
    case LogLevel::kError:
      return LogSeverity::kError;
  }
  return LogSeverity::kInfo;
}

class RunningAgent final : public Agent {
 public:
  RunningAgent(const LoadedConfig& loaded, const ConfigFile& file, std::string version)
      : config_(loaded.config),
        version_(std::move(version)),
        config_file_(file),
        config_reload_(
            file, loaded.text, [this](const AgentConfig& wanted) { return reload(wanted); }, clock_,
            metrics_),
        memory_(config_.receiver.limits) {}
  ~RunningAgent() override;
  RunningAgent(const RunningAgent&) = delete;
  RunningAgent& operator=(const RunningAgent&) = delete;

  Status run();
  void stop() override;
  [[nodiscard]] std::vector<uint16_t> receiver_ports() const override { return receiver_ports_; }
  [[nodiscard]] uint16_t observe_port() const override { return status_server_->port(); }

 private:
  Status open_journal();
  void identify_disk();
  Result<std::unique_ptr<Journal>> open_journal_in(const OwnedFolder& folder);
  Status open_doors();
  void make_delivery();
  ConfigReload::Applied reload(const AgentConfig& wanted);
  void give_back_files();
  void look_after_memory();
  void stop_by(Tick deadline);
  [[nodiscard]] AgentSnapshot snapshot() const;

  AgentConfig config_;  // after the start, used by the reload thread until it stops
  const std::string version_;
  SystemClock clock_;
  PosixFileSystem files_;
  MetricRegistry metrics_;
  const ConfigFile config_file_;
  ConfigReload config_reload_;

  const uint64_t descriptors_ = raise_descriptor_limit();

  FolderRights rights_ = rights_from_environment(config_.delivery.max_age);  // as config_
  // Receiver → JournalIntake → Journal → Lane → Exporter, built from the far end.
  MemoryBudget memory_;
  OwnedFolder folder_;
  std::string disk_;  // report::Agent::disk
  std::shared_ptr<ThreadScheduler> journal_scheduler_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Delivery> delivery_;
  std::unique_ptr<JournalIntake> intake_;
  std::unique_ptr<Receiver> receiver_;

  std::vector<uint16_t> receiver_ports_;
  // The listeners are open, and the lanes run. Once `delivering_` is true, any thread may read
  // `delivery_`.
  std::atomic<bool> listening_{false};
  std::atomic<bool> delivering_{false};
  bool stopped_ = false;

  // Status for people. The server is last, because its thread reads everything above.
  const WallTime started_ = clock_.wall();
  Heartbeats heartbeats_{clock_};
  Observer observer_{[this] { return snapshot(); }, heartbeats_, metrics_};
  std::unique_ptr<StatusServer> status_server_;
  ThreadScheduler upkeep_{"dt-upkeep", clock_};
  std::unique_ptr<ConfigWatch> config_watch_;
};

Status RunningAgent::run() {
  if (Status opened = open_journal(); !opened) return opened;
  if (Status open = open_doors(); !open) return open;
  make_delivery();
  listening_ = true;
  look_after_memory();
  config_watch_ = std::make_unique<ConfigWatch>(config_file_.folder(), config_reload_);
  return {};
}

void RunningAgent::look_after_memory() {
  memory_.follow_limit();
  give_back_freed_memory(kMemoryKept);
  upkeep_.run_after(kMemoryInterval, [this] { look_after_memory(); });
}

Status RunningAgent::open_journal() {
  const Status aside = set_aside_dead_letters(files_, config_.delivery.folder, rights_);
  if (!aside) {
    log_warn("cannot set aside the dead letters of another export",
             {{"error", aside.error().message}});
  }
  journal_scheduler_ = std::make_shared<ThreadScheduler>("dt-journal", clock_);
  std::vector<OwnedFolder> unopened;  // stay locked, so that the next claim finds another one
  while (true) {
    Result<OwnedFolder> folder = claim_folder(files_, config_.delivery.folder, rights_, entropy());
    if (!folder) return fail(folder.error().with_prefix("delivery.folder: "));
    auto journal = open_journal_in(*folder);
    if (journal) {
      folder_ = *std::move(folder);
      journal_ = *std::move(journal);
      identify_disk();
      return {};
    }
    if (folder->is_new) return fail(journal.error());
    // New data must not wait for a bad sector. The adopter keeps retrying this folder.
    log_error("cannot open a journal; the agent continues with another one and retries",
              {{"folder", folder->path}, {"error", journal.error().message}});
    unopened.push_back(*std::move(folder));
  }
}

// Of the folder of all journals: it stays when a drained journal is removed.
void RunningAgent::identify_disk() {
  auto identity = files_.identity(config_.delivery.folder);
  if (!identity) {
    log_info("cannot identify the disk of the journals, so a replaced disk goes unnoticed",
             {{"error", identity.error().message}});
    return;
  }
  disk_ = *std::move(identity);
}

Result<std::unique_ptr<Journal>> RunningAgent::open_journal_in(const OwnedFolder& folder) {
  return Journal::open(journal_options(config_, folder.path), files_, *journal_scheduler_);
}

void RunningAgent::make_delivery() {
  heartbeats_.watch("journal", journal_scheduler_);
  delivery_ = std::make_unique<Delivery>(config_, journal_options(config_, {}),
                                         Delivery::Parts{.files = files_,
                                                         .clock = clock_,
                                                         .metrics = metrics_,
                                                         .heartbeats = heartbeats_,
                                                         .journal = *journal_,
                                                         .rights = rights_});
  delivering_ = true;
}

// Open the listeners before any lane runs. Otherwise an agent whose ports are taken would send
// spans that it cannot settle, and send them again after each restart. Spans from clients that
// connect this early are stored; probes report "not ready" until the lanes run.
Status RunningAgent::open_doors() {
  intake_ = std::make_unique<JournalIntake>(
      JournalIntake::Options{
          .request_bytes_max = memory_.limits().request_bytes,
          .record_bytes_max = config_.delivery.segment_bytes - kSegmentOverheadBytes},
      memory_.admission(), *journal_, metrics_);
  intake_->set_additions(resource_additions(config_));
  auto status_server = StatusServer::start(config_.observe.listen, observer_);
  if (!status_server) return fail(status_server.error().with_prefix("observe.listen: "));
  status_server_ = *std::move(status_server);
  ReceiverConfig receiver_config = with_threads(config_.receiver);
  receiver_config.limits = memory_.limits();
  receiver_config.limits.connections = connections_that_fit(config_, descriptors_);
  if (receiver_config.limits.connections < config_.receiver.limits.connections) {
    log_warn(
        "the limit on open files is too low for receiver.limits.connections, so the agent accepts "
        "fewer connections: raise the limit (nofile) or lower the setting",
        {{"connections", config_.receiver.limits.connections},
         {"taken", receiver_config.limits.connections},
         {"open_files", descriptors_},
         {"set_aside", descriptors_set_aside(config_)}});
  }
  auto receiver = Receiver::start(receiver_config, *intake_, metrics_);
  if (!receiver) return fail(receiver.error().with_prefix("receiver: "));
  receiver_ = *std::move(receiver);
  receiver_ports_ = receiver_->ports();
  return {};
}

// Let the journal grow before a lane is allowed to keep more in it. Replace the lanes last:
// replacing one whose destination does not answer takes seconds.
ConfigReload::Applied RunningAgent::reload(const AgentConfig& wanted) {
  const ReloadPlan plan = plan_reload(config_, wanted);
  if (plan.restart_needed) return ConfigReload::Applied::kRestartNeeded;
  set_log_severity(severity_of(wanted.log_level));
  intake_->set_additions(resource_additions(wanted));
  journal_->allow_segments(segments_max(wanted.delivery));
  journal_->keep_free(wanted.delivery.min_free_disk);
  for (const std::string& lane : plan.lanes) {
    delivery_->replace(lane, wanted);
    log_info("lane continues with the new configuration", {{"lane", lane}});
  }
  if (wanted.delivery.max_age != config_.delivery.max_age) {
    rights_.mine.max_age = wanted.delivery.max_age;
    folder_.marked = false;
    mark_folder(files_, folder_, rights_.mine);
  }
  config_ = wanted;
  return ConfigReload::Applied::kYes;
}

// Once the watch has stopped, no other thread uses the configuration. A reload in progress counts
// towards the drain timeout.
void RunningAgent::stop() {
  const Tick begun = clock_.tick();
  config_watch_.reset();
  stop_by(begun + config_.drain_timeout);
}

RunningAgent::~RunningAgent() {
  config_watch_.reset();
  stop_by(clock_.tick());
}

void RunningAgent::stop_by(Tick deadline) {
  if (std::exchange(stopped_, true)) return;
  listening_ = false;
  if (receiver_) receiver_->drain(std::max(deadline - clock_.tick(), Duration(0)));
  receiver_.reset();
  if (delivery_) {
    delivery_->drain(deadline);
    delivery_->stop();
  }
  if (delivery_) give_back_files();
  if (journal_scheduler_) journal_scheduler_->stop();
  if (!delivery_) return;
  for (const LaneSnapshot& lane : delivery_->lanes()) {
    log_info("lane stopped",
             {{"lane", lane.status.name}, {"backlog_spans", lane.status.books.backlog_spans}});
  }
}

// Remove the segments if nothing is left to deliver. If the export was deleted, no later agent
// adopts this folder and frees its disk space.
void RunningAgent::give_back_files() {
  const auto given = std::make_shared<Latch>(1);
  journal_->give_back([given] { given->count_down(); });
  if (!given->wait_until(clock_.tick() + kGiveBackPatience)) {
    log_warn("the journal is busy; its files stay on disk", {{"folder", folder_.path}});
  }
}

AgentSnapshot RunningAgent::snapshot() const {
  AgentSnapshot snapshot;
  snapshot.version = version_;
  snapshot.now = clock_.wall();
  snapshot.started = started_;
  snapshot.listening = listening_;
  snapshot.configuration = config_reload_.snapshot();
  if (delivering_) {
    snapshot.lanes = delivery_->lanes();
    snapshot.journals = delivery_->journals();
  }
  snapshot.journals.insert(snapshot.journals.begin(), {.name = folder_name(folder_.path),
                                                       .adopted = false,
                                                       .health = journal_->health(),
                                                       .totals = journal_->totals()});
  snapshot.disk = disk_;
  memory_.write_to(snapshot);
  return snapshot;
}

}  // namespace

Result<std::unique_ptr<Agent>> Agent::start(const LoadedConfig& loaded, const ConfigFile& file,
                                            std::string version) {
  set_log_severity(severity_of(loaded.config.log_level));
  adopt_foreign_logs();
  auto agent = std::make_unique<RunningAgent>(loaded, file, std::move(version));
  if (Status running = agent->run(); !running) return fail(running.error());
  std::string ports;
  for (const uint16_t port : agent->receiver_ports()) {
    ports += fmt::format("{}{}", ports.empty() ? "" : ",", port);
  }
  log_info("agent ready", {{"receiver_ports", ports}, {"observe_port", agent->observe_port()}});
  return std::unique_ptr<Agent>(std::move(agent));
}

}  // namespace dualtrace::agent

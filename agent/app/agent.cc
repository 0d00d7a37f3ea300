#include "agent/app/agent.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "agent/app/adopter.h"
#include "agent/app/destination.h"
#include "agent/app/foreign_logs.h"
#include "agent/app/latch.h"
#include "agent/app/memory.h"
#include "agent/intake/admission.h"
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
#include "common/random/random.h"

namespace dualtrace::agent {
namespace {

// A few batches: a lane that is further behind than that reads the disk.
constexpr uint64_t kFreshBytesMax = 8 * 1024 * 1024;
constexpr Duration kGiveBackInterval = std::chrono::seconds(5);

// Segments are at least half full (a record goes to a new one when it does not fit any more), and
// both the lanes' cursors and expiry lag a little.
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
  options.segment_bytes = config.delivery.segment_bytes;
  options.segments_max = segments_max(config.delivery);
  options.queue_bytes_max = config.receiver.limits.memory_bytes;
  options.fresh_bytes_max = kFreshBytesMax;
  return options;
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
  RunningAgent(const AgentConfig& config, std::string version)
      : config_(config),
        version_(std::move(version)),
        admission_(config.receiver.limits.memory_bytes) {}
  ~RunningAgent() override { stop_within(Duration(0)); }
  RunningAgent(const RunningAgent&) = delete;
  RunningAgent& operator=(const RunningAgent&) = delete;

  Status run();
  void stop() override { stop_within(config_.drain_timeout); }
  [[nodiscard]] std::vector<uint16_t> receiver_ports() const override { return receiver_ports_; }
  [[nodiscard]] uint16_t observe_port() const override { return status_server_->port(); }

 private:
  Status open_journal();
  void make_destinations();
  Adopter::Parts adopter_parts();
  Status open_doors();
  void give_back_memory();
  void stop_within(Duration timeout);
  void drain_lanes(Tick deadline);
  [[nodiscard]] AgentSnapshot snapshot() const;

  const AgentConfig config_;
  const std::string version_;
  SystemClock clock_;
  PosixFileSystem files_;
  MetricRegistry metrics_;

  // Receiver → JournalIntake → Journal → Lane → Exporter, built from the far end.
  Admission admission_;
  OwnedFolder folder_;
  std::unique_ptr<ThreadScheduler> journal_scheduler_;
  std::unique_ptr<Journal> journal_;
  std::vector<std::unique_ptr<Destination>> destinations_;
  std::unique_ptr<Adopter> adopter_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<Receiver> receiver_;

  std::vector<uint16_t> receiver_ports_;
  std::atomic<bool> listening_{false};
  bool stopped_ = false;

  // What people see of it. The server is last: its thread asks for everything above.
  const WallTime started_ = clock_.wall();
  Heartbeats heartbeats_{clock_};
  Observer observer_{[this] { return snapshot(); }, heartbeats_, metrics_};
  std::unique_ptr<StatusServer> status_server_;
  ThreadScheduler upkeep_{"dt-upkeep", clock_};
};

Status RunningAgent::run() {
  if (Status opened = open_journal(); !opened) return opened;
  make_destinations();
  give_back_memory();
  return open_doors();
}

void RunningAgent::give_back_memory() {
  give_back_freed_memory();
  upkeep_.run_after(kGiveBackInterval, [this] { give_back_memory(); });
}

Status RunningAgent::open_journal() {
  const std::string& data_folder = config_.delivery.folder;
  Result<OwnedFolder> folder = claim_folder(files_, data_folder, entropy());
  if (!folder) return fail(folder.error().with_prefix("delivery.folder: "));
  folder_ = *std::move(folder);
  journal_scheduler_ = std::make_unique<ThreadScheduler>("dt-journal", clock_);
  auto journal = Journal::open(journal_options(config_, folder_.path), files_, *journal_scheduler_);
  if (!journal) return fail(journal.error());
  journal_ = *std::move(journal);
  return {};
}

void RunningAgent::make_destinations() {
  const DestinationParts parts{
      config_.delivery, files_, clock_, metrics_,
      std::make_shared<SharedBodies>(config_.arize && config_.databricks ? 2 : 1)};
  if (config_.arize) destinations_.push_back(Destination::make_arize(*config_.arize, parts));
  if (config_.databricks) {
    destinations_.push_back(Destination::make_databricks(*config_.databricks, parts));
  }
  std::vector<Lane*> lanes;
  for (const auto& destination : destinations_) {
    destination->lane().add_journal(*journal_, {});
    lanes.push_back(&destination->lane());
  }
  adopter_ = std::make_unique<Adopter>(config_.delivery.folder, journal_options(config_, {}),
                                       std::move(lanes), adopter_parts());
}

Adopter::Parts RunningAgent::adopter_parts() {
  return {.files = files_,
          .make_scheduler =
              [this](const std::string& name) {
                return std::make_unique<ThreadScheduler>(name, clock_);
              },
          .open_journal =
              [this](const JournalOptions& options, Scheduler& scheduler) {
                return Journal::open(options, files_, scheduler);
              }};
}

// The last to open is the receiver: whoever connects finds everything behind it running.
Status RunningAgent::open_doors() {
  intake_ = std::make_unique<JournalIntake>(
      JournalIntake::Options{
          .request_bytes_max = config_.receiver.limits.request_bytes,
          .record_bytes_max = config_.delivery.segment_bytes - kSegmentOverheadBytes,
          .additions = resource_additions(config_)},
      admission_, *journal_, metrics_);
  heartbeats_.watch("journal", *journal_scheduler_);
  for (const auto& destination : destinations_) {
    heartbeats_.watch(destination->name(), destination->scheduler());
  }
  auto status_server = StatusServer::start(config_.observe.listen, observer_);
  if (!status_server) return fail(status_server.error().with_prefix("observe.listen: "));
  status_server_ = *std::move(status_server);
  auto receiver = Receiver::start(config_.receiver, *intake_, metrics_);
  if (!receiver) return fail(receiver.error().with_prefix("receiver: "));
  receiver_ = *std::move(receiver);
  receiver_ports_ = receiver_->ports();
  listening_ = true;
  return {};
}

void RunningAgent::stop_within(Duration timeout) {
  if (std::exchange(stopped_, true)) return;
  listening_ = false;
  const Tick deadline = clock_.tick() + timeout;
  if (receiver_) receiver_->drain(timeout);
  receiver_.reset();
  drain_lanes(deadline);
  for (const auto& destination : destinations_) {
    destination->scheduler().stop();
    // From here on nobody else uses the lane's side of the journal.
    const Status synced = journal_->lane(destination->name()).sync();
    if (!synced)
      log_warn("a cursor is not synced, some spans will be sent again",
               {{"lane", destination->name()}, {"error", synced.error().message}});
  }
  if (adopter_) adopter_->stop();
  if (journal_scheduler_) journal_scheduler_->stop();
  for (const auto& destination : destinations_) {
    log_info("lane stopped", {{"lane", destination->name()},
                              {"backlog_spans", destination->lane().status().books.backlog_spans}});
  }
}

void RunningAgent::drain_lanes(Tick deadline) {
  const auto drained = std::make_shared<Latch>(destinations_.size());
  for (const auto& destination : destinations_) {
    destination->lane().drain([drained] { drained->count_down(); });
  }
  drained->wait_until(deadline);
}

AgentSnapshot RunningAgent::snapshot() const {
  AgentSnapshot snapshot;
  snapshot.version = version_;
  snapshot.now = clock_.wall();
  snapshot.started = started_;
  snapshot.listening = listening_;
  for (const auto& destination : destinations_) {
    snapshot.lanes.push_back({destination->lane().status(), destination->credential_fingerprint()});
  }
  snapshot.journals = adopter_->journals();
  snapshot.journals.insert(snapshot.journals.begin(), {.name = folder_name(folder_.path),
                                                       .adopted = false,
                                                       .health = journal_->health(),
                                                       .totals = journal_->totals()});
  snapshot.admission_bytes = admission_.bytes_admitted();
  snapshot.admission_bytes_max = admission_.bytes_max();
  snapshot.admission_refusals = admission_.refusals();
  return snapshot;
}

}  // namespace

Result<std::unique_ptr<Agent>> Agent::start(const AgentConfig& config, std::string version) {
  set_log_severity(severity_of(config.log_level));
  adopt_foreign_logs();
  auto agent = std::make_unique<RunningAgent>(config, std::move(version));
  if (Status running = agent->run(); !running) return fail(running.error());
  std::string ports;
  for (const uint16_t port : agent->receiver_ports()) {
    ports += fmt::format("{}{}", ports.empty() ? "" : ",", port);
  }
  log_info("agent ready", {{"receiver_ports", ports}, {"observe_port", agent->observe_port()}});
  return std::unique_ptr<Agent>(std::move(agent));
}

}  // namespace dualtrace::agent

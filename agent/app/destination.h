// SPDX-License-Identifier: Apache-2.0
#pragma once
// Destination: everything that one of the two destinations needs, built and torn down together:
// credential → exporter → lane, on their own scheduler. delivery.cc owns up to two of them.
// Used from one thread; the lane inside has its own.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/credential/connection_files.h"
#include "agent/credential/keeper.h"
#include "agent/lane/dead_letters.h"
#include "agent/lane/lane.h"
#include "agent/send/exporter.h"
#include "common/config/agent_config.h"
#include "common/io/file_system.h"
#include "common/metric/metric.h"
#include "common/report/report.h"
#include "common/time/thread_scheduler.h"

namespace dualtrace::agent {

inline constexpr std::string_view kArizeLane = to_string(report::Destination::kArize);
inline constexpr std::string_view kDatabricksLane = to_string(report::Destination::kDatabricks);

// What a destination leaves to the one that replaces it.
struct DestinationLegacy {
  LaneLegacy lane{};
  std::optional<CredentialLegacy> credential{};
};

// The parts that both destinations are built from; all references outlive them.
struct DestinationParts {
  const DeliveryConfig& delivery;
  FileSystem& files;
  Clock& clock;
  MetricRegistry& metrics;
  std::shared_ptr<SharedBodies> bodies;
  DestinationLegacy legacy{};  // from the destination that this one replaces
};

// The files of a credential, how a key is made from them, and what it is for.
struct KeySource {
  KeyPurpose purpose{};
  std::vector<SecretFile> files;
  std::unique_ptr<KeyMaker> maker;
};

class Destination {
 public:
  // `name` is the name of the lane; `config` must contain that destination. Used both at the start
  // and for a reload.
  static std::shared_ptr<Destination> make(const std::string& name, const AgentConfig& config,
                                           const DestinationParts& parts);
  ~Destination();
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  // Stops the lane, then cancels requests in flight; their spans stay in the journal. Idempotent.
  void stop();
  // Call it after stop().
  [[nodiscard]] DestinationLegacy legacy() const { return {lane_->legacy(), keeper_->legacy()}; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Lane& lane() { return *lane_; }
  [[nodiscard]] ThreadScheduler& scheduler() { return scheduler_; }
  // The credential in use, and the state of its files when they were last checked. The file of the
  // key, token or secret is first. Thread-safe.
  [[nodiscard]] const Keeper& keeper() const { return *keeper_; }
  // Thread-safe.
  [[nodiscard]] const ConnectionFiles& connection_files() const { return *connection_files_; }

 private:
  Destination(std::string name, const DestinationParts& parts);
  std::unique_ptr<Exporter> arize_exporter(const ArizeConfig& config,
                                           const DestinationParts& parts);
  std::unique_ptr<Exporter> databricks_exporter(const DatabricksConfig& config,
                                                const DestinationParts& parts);
  void make_keeper(KeySource source, const DestinationParts& parts);
  void watch_connection_files(const TlsClientOptions& tls, const std::optional<HttpProxy>& proxy,
                              const DestinationParts& parts);
  void start_lane(const DestinationParts& parts);

  const std::string name_;
  ThreadScheduler scheduler_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<ConnectionFiles> connection_files_;
  std::unique_ptr<KeyMaker> maker_;  // used by keeper_: destroyed before it
  DeadLetters dead_letters_;
  std::unique_ptr<Exporter> exporter_;
  std::unique_ptr<Lane> lane_;
};

}  // namespace dualtrace::agent

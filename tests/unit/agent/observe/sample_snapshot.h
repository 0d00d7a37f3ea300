// SPDX-License-Identifier: Apache-2.0
#pragma once
// A snapshot with one healthy and one paused lane. Pure.

#include "agent/observe/snapshot.h"

namespace dualtrace::agent {

inline AgentSnapshot sample_snapshot() {
  using std::chrono::seconds;
  AgentSnapshot snapshot;
  snapshot.version = "0.1.0";
  snapshot.started = WallTime(seconds(1'700'000'000));
  snapshot.now = snapshot.started + seconds(3700);
  snapshot.listening = true;
  snapshot.configuration = {.fingerprint = "0123456789ab",
                            .loaded = snapshot.started + seconds(60),
                            .state = report::ConfigurationState::kInForce};
  LaneSnapshot arize;
  arize.status.name = "arize";
  arize.status.books.accepted = 100;
  arize.status.books.settled = {.delivered = 98, .rejected = 2};
  arize.status.last_success = snapshot.now - seconds(3);
  arize.credentials = {{.part = CredentialPart::kAPIKey,
                        .state = report::CredentialState::kLoaded,
                        .fingerprint = "0a1b2c3d"}};
  arize.connection_files = {{.part = CredentialPart::kAuthority,
                             .state = report::CredentialState::kLoaded,
                             .fingerprint = "4e5f6071",
                             .all_expired = snapshot.now + seconds(1)}};
  LaneSnapshot databricks;
  databricks.status.name = "databricks";
  databricks.status.state = LaneState::kPaused;
  databricks.status.books = {.accepted = 100,
                             .settled = {.delivered = 10, .dead_lettered = 1, .expired = 4},
                             .backlog_spans = 85,
                             .backlog_bytes = 3'000'000,
                             .oldest_unsettled = snapshot.now - seconds(250)};
  databricks.status.last_error =
      LaneError{"EverythingRefused", "<b>token \xFF</b>", snapshot.now - seconds(5), "InvalidData"};
  snapshot.lanes = {arize, databricks};
  snapshot.journals = {
      {.name = "journal-0001",
       .health = {.segments = 3, .disk_bytes = 192ULL << 20},
       .totals = {.records = 7, .spans = 100}},
      {.name = "journal-0000", .adopted = true, .health = {.refusing = true}, .totals = {}}};
  snapshot.disk = "2a-65f0-7";
  snapshot.admission_bytes = 1024;
  snapshot.admission_bytes_max = 1 << 20;
  snapshot.admission_bytes_configured = 1 << 21;
  snapshot.memory_limit = 1 << 22;
  return snapshot;
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/snapshot_report.h"

#include "agent/observe/ledger.h"

namespace dualtrace::agent {
namespace {

report::Lane lane_of(const LaneSnapshot& lane) {
  const LaneStatus& status = lane.status;
  const LaneBooks& books = status.books;
  report::Lane made{.name = status.name,
                    .state = status.state,
                    .spans = {.accepted = books.accepted,
                              .delivered = books.settled.delivered,
                              .rejected = books.settled.rejected,
                              .dead_lettered = books.settled.dead_lettered,
                              .expired = books.settled.expired,
                              .filtered = books.settled.filtered,
                              .backlog = books.backlog_spans},
                    .balanced = balanced(books),
                    .backlog_bytes = books.backlog_bytes,
                    .oldest_undelivered = books.oldest_unsettled,
                    .requests_in_flight = status.requests_in_flight,
                    .last_delivered = status.last_success,
                    .credential_fingerprint = fingerprint_of(lane),
                    .credential = lane.credential,
                    .credentials = lane.credentials,
                    .connection_files = lane.connection_files,
                    .losses = status.losses};
  if (const auto& error = status.last_error) {
    made.last_error = {error->reason, error->message, error->when, error->cause};
  }
  return made;
}

report::Journal journal_of(const JournalSnapshot& journal) {
  return {.name = journal.name,
          .adopted = journal.adopted,
          .segments = journal.health.segments,
          .disk_bytes = journal.health.disk_bytes,
          .damaged_segments = journal.health.damaged_segments,
          .refusing = journal.health.refusing,
          .records = journal.totals.records,
          .spans = journal.totals.spans};
}

}  // namespace

report::Agent report_of(const AgentSnapshot& snapshot) {
  report::Agent agent{.version = snapshot.version,
                      .now = snapshot.now,
                      .started = snapshot.started,
                      .not_ready_reason = why_not_ready(snapshot).value_or(""),
                      .configuration = snapshot.configuration,
                      .disk = snapshot.disk,
                      .admission = {.bytes = snapshot.admission_bytes,
                                    .bytes_max = snapshot.admission_bytes_max,
                                    .refusals = snapshot.admission_refusals,
                                    .bytes_configured = snapshot.admission_bytes_configured,
                                    .memory_limit = snapshot.memory_limit}};
  for (const LaneSnapshot& lane : snapshot.lanes) agent.lanes.push_back(lane_of(lane));
  for (const JournalSnapshot& journal : snapshot.journals) {
    agent.journals.push_back(journal_of(journal));
  }
  return agent;
}

}  // namespace dualtrace::agent

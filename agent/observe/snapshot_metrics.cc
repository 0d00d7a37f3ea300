// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/snapshot_metrics.h"

#include <utility>

#include "agent/observe/ledger.h"
#include "common/report/report.h"

namespace dualtrace::agent {
namespace {

using report::seconds_since;
using Type = MetricRegistry::ValueType;

double number(uint64_t value) { return static_cast<double>(value); }

double sum_over_journals(const AgentSnapshot& snapshot, uint64_t Journal::Health::*field) {
  uint64_t sum = 0;
  for (const JournalSnapshot& journal : snapshot.journals) sum += journal.health.*field;
  return number(sum);
}

}  // namespace

SnapshotMetrics::SnapshotMetrics(MetricRegistry& registry)
    : registry_(registry), latest_(std::make_shared<Latest>()) {
  add_agent(Type::kGauge, "dualtrace_agent_ready", "1 if spans can be accepted and stored, else 0.",
            [](const AgentSnapshot& s) { return why_not_ready(s) ? 0.0 : 1.0; });
  add_agent(Type::kGauge, "dualtrace_agent_uptime_seconds", "Time since the agent started.",
            [](const AgentSnapshot& s) { return seconds_since(s.started, s.now); });
  add_agent(Type::kGauge, "dualtrace_config_last_reload_successful",
            "1 if the newest configuration is in force, 0 if it was refused or needs a restart.",
            [](const AgentSnapshot& s) {
              const bool in_force = s.configuration.state == report::ConfigurationState::kInForce;
              return in_force ? 1.0 : 0.0;
            });
  add_agent(Type::kGauge, "dualtrace_config_loaded_timestamp_seconds",
            "When the configuration in force was loaded, in Unix time.",
            [](const AgentSnapshot& s) {
              return seconds_since(WallTime(), s.configuration.loaded.value_or(WallTime()));
            });
  add_agent(Type::kGauge, "dualtrace_ledger_balanced",
            "1 if the ledger of every lane balances, else 0: then spans are not accounted for.",
            [](const AgentSnapshot& s) { return balanced(s.lanes) ? 1.0 : 0.0; });
  add_agent(Type::kGauge, "dualtrace_credentials_loaded",
            "1 if every credential, certificate authority and proxy credential of every "
            "destination exists and can be one, and no authority has expired, else 0.",
            [](const AgentSnapshot& s) { return files_loaded(s) ? 1.0 : 0.0; });
  add_agent(Type::kGauge, "dualtrace_admission_bytes", "Bytes received and not yet stored.",
            [](const AgentSnapshot& s) { return number(s.admission_bytes); });
  add_agent(Type::kGauge, "dualtrace_admission_bytes_max",
            "The limit for dualtrace_admission_bytes.",
            [](const AgentSnapshot& s) { return number(s.admission_bytes_max); });
  add_agent(
      Type::kCounter, "dualtrace_admission_refusals_total",
      "Requests refused because the receive memory, or their client's share of it, was used up.",
      [](const AgentSnapshot& s) { return number(s.admission_refusals); });
  add_agent(Type::kCounter, "dualtrace_admission_share_refusals_total",
            "Of these, requests refused only because their client was over its share.",
            [](const AgentSnapshot& s) { return number(s.admission_share_refusals); });
  add_agent(Type::kGauge, "dualtrace_journals",
            "Journals in use: the agent's own and adopted ones.",
            [](const AgentSnapshot& s) { return number(s.journals.size()); });
  add_agent(
      Type::kGauge, "dualtrace_journal_segments", "Segments of all journals.",
      [](const AgentSnapshot& s) { return sum_over_journals(s, &Journal::Health::segments); });
  add_agent(
      Type::kGauge, "dualtrace_journal_disk_bytes", "Disk space used by all journals.",
      [](const AgentSnapshot& s) { return sum_over_journals(s, &Journal::Health::disk_bytes); });
  add_agent(Type::kCounter, "dualtrace_journal_commits_total",
            "Groups of requests that the agent's own journal wrote and synced together.",
            [](const AgentSnapshot& s) {
              double commits = 0;  // adopted journals come and go
              for (const JournalSnapshot& journal : s.journals) {
                if (!journal.adopted) commits += number(journal.health.commits);
              }
              return commits;
            });
  add_agent(Type::kGauge, "dualtrace_journal_damaged_segments",
            "Segments set aside because they cannot be read.", [](const AgentSnapshot& s) {
              return sum_over_journals(s, &Journal::Health::damaged_segments);
            });
}

void SnapshotMetrics::refresh(AgentSnapshot snapshot) {
  std::vector<std::string> new_lanes;
  {
    Lock lock(mutex_);
    for (const LaneSnapshot& lane : snapshot.lanes) {
      if (lanes_.insert(lane.status.name).second) new_lanes.push_back(lane.status.name);
    }
  }
  {
    Lock lock(latest_->mutex);
    latest_->snapshot = std::move(snapshot);
  }
  for (const std::string& lane : new_lanes) add_lane_metrics(lane);
}

void SnapshotMetrics::add_agent(Type type, const std::string& name, const std::string& help,
                                OfAgent value) {
  registry_.observe(type, name, help, {}, [latest = latest_, value] {
    Lock lock(latest->mutex);
    return value(latest->snapshot);
  });
}

void SnapshotMetrics::add_lane(Type type, const std::string& name, const std::string& help,
                               const MetricLabels& labels, OfLane value) {
  registry_.observe(type, name, help, labels,
                    [latest = latest_, lane = labels.at("lane"), value = std::move(value)] {
                      Lock lock(latest->mutex);
                      for (const LaneSnapshot& each : latest->snapshot.lanes) {
                        if (each.status.name == lane) {
                          return value(each.status, latest->snapshot.now);
                        }
                      }
                      return 0.0;
                    });
}

void SnapshotMetrics::add_lane_metrics(const std::string& lane) {
  const MetricLabels labels{{"lane", lane}};
  const auto settled = [&](const char* name, const char* help, uint64_t SpanCounts::*word) {
    add_lane(Type::kCounter, name, help, labels, [word](const LaneStatus& status, WallTime) {
      return number(status.books.settled.*word);
    });
  };
  add_lane(Type::kCounter, "dualtrace_lane_accepted_spans_total",
           "Spans stored for this lane: the sum of the other counts and the backlog.", labels,
           [](const LaneStatus& status, WallTime) { return number(status.books.accepted); });
  settled("dualtrace_lane_delivered_spans_total", "Spans that the destination accepted.",
          &SpanCounts::delivered);
  settled("dualtrace_lane_rejected_spans_total",
          "Spans that the destination rejected in a partial success.", &SpanCounts::rejected);
  settled("dualtrace_lane_dead_lettered_spans_total",
          "Spans refused for good and set aside, or lost to a damaged segment.",
          &SpanCounts::dead_lettered);
  settled("dualtrace_lane_expired_spans_total",
          "Spans given up because of their age or the size of the backlog.", &SpanCounts::expired);
  settled("dualtrace_lane_filtered_spans_total", "Spans left out by the lane's view.",
          &SpanCounts::filtered);
  add_lane(Type::kGauge, "dualtrace_lane_backlog_spans", "Spans that wait for delivery.", labels,
           [](const LaneStatus& status, WallTime) { return number(status.books.backlog_spans); });
  add_lane(Type::kGauge, "dualtrace_lane_backlog_bytes", "Bytes that wait for delivery.", labels,
           [](const LaneStatus& status, WallTime) { return number(status.books.backlog_bytes); });
  add_lane(Type::kGauge, "dualtrace_lane_oldest_undelivered_seconds",
           "Age of the oldest waiting span; 0 when none waits.", labels,
           [](const LaneStatus& status, WallTime now) {
             const auto oldest = status.books.oldest_unsettled;
             return oldest ? seconds_since(*oldest, now) : 0.0;
           });
  add_lane(Type::kGauge, "dualtrace_lane_requests_in_flight", "Requests waiting for an answer.",
           labels,
           [](const LaneStatus& status, WallTime) { return number(status.requests_in_flight); });
  for (const std::string_view state : report::kWords<LaneState>) {
    add_lane(Type::kGauge, "dualtrace_lane_state",
             "1 for the current state of the lane, 0 for the others.",
             {{"lane", lane}, {"state", std::string(state)}},
             [state](const LaneStatus& status, WallTime) {
               return to_string(status.state) == state ? 1.0 : 0.0;
             });
  }
}

}  // namespace dualtrace::agent

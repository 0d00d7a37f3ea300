// SPDX-License-Identifier: Apache-2.0
#include "operator/agents/report_change.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace dualtrace::ctl {
namespace {

std::string reason_of(const report::Lane& lane) {
  return lane.last_error ? lane.last_error->reason : "";
}

// What is lost at present. The reconciler must see each kind before the agent can be replaced,
// because no later report has it.
std::set<std::pair<std::string, std::string>> loses(const report::Lane& lane) {
  std::set<std::pair<std::string, std::string>> kinds;
  for (const report::Loss& loss : lane.losses) {
    if (loss.lately > 0) kinds.emplace(loss.word.text(), loss.reason);
  }
  return kinds;
}

bool same_state(const report::Lane& a, const report::Lane& b) {
  return a.name == b.name && a.state == b.state && reason_of(a) == reason_of(b) &&
         a.credential_fingerprint == b.credential_fingerprint && a.credentials == b.credentials &&
         a.connection_files == b.connection_files && a.credential == b.credential &&
         loses(a) == loses(b);
}

bool same_state(const AgentReport& a, const AgentReport& b) {
  const report::Configuration& before = a.says.configuration;
  const report::Configuration& after = b.says.configuration;
  return a.unreachable.has_value() == b.unreachable.has_value() && a.ending == b.ending &&
         a.says.not_ready_reason == b.says.not_ready_reason &&
         before.fingerprint == after.fingerprint && before.state == after.state &&
         before.why == after.why &&
         std::equal(a.says.lanes.begin(), a.says.lanes.end(), b.says.lanes.begin(),
                    b.says.lanes.end(), [](const report::Lane& lane, const report::Lane& other) {
                      return same_state(lane, other);
                    });
}

// The remaining fields that a status shows.
bool same_numbers(const report::Lane& a, const report::Lane& b) {
  return a.last_error == b.last_error && a.backlog_bytes == b.backlog_bytes &&
         a.oldest_undelivered == b.oldest_undelivered && a.last_delivered == b.last_delivered &&
         a.losses == b.losses;
}

}  // namespace

ReportChange compare_reports(const AgentReport& before, const AgentReport& after) {
  if (!same_state(before, after)) return ReportChange::kState;
  const bool same = before.unreachable == after.unreachable &&
                    before.says.admission.bytes_max == after.says.admission.bytes_max &&
                    std::equal(before.says.lanes.begin(), before.says.lanes.end(),
                               after.says.lanes.begin(), same_numbers);
  return same ? ReportChange::kNone : ReportChange::kNumbers;
}

}  // namespace dualtrace::ctl

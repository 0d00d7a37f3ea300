// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/recent_losses.h"

#include <algorithm>
#include <utility>

#include "common/time/rfc3339.h"

namespace dualtrace::ctl {
namespace {

// Both times are the agent's, so its clock may be wrong.
WallTime end_of(const report::Loss& loss, const report::Agent& says, WallTime now) {
  Duration age{};
  if (says.now && loss.last) age = std::clamp(*says.now - *loss.last, age, report::kLossWindow);
  return now + report::kLossWindow - age;
}

void add(const RecentLossFact& from, uint64_t spans, RecentLossFact& to) {
  to.spans = spans;
  to.until = std::max(to.until, from.until);
  if (from.last < to.last) return;
  to.last = from.last;
  to.message = from.message;
}

}  // namespace

void RecentLosses::resume(const Json& status) {
  for (const Json& entry : array_at(status, {"recentLosses"})) {
    const auto until = parse_rfc3339(text_at(entry, {"until"}));
    if (!until) continue;
    RecentLossFact loss{.node = std::string(text_at(entry, {"node"})),
                        .destination = std::string(text_at(entry, {"destination"})),
                        .word = std::string(text_at(entry, {"word"})),
                        .reason = std::string(text_at(entry, {"reason"})),
                        .spans = count_at(entry, {"spans"}),
                        .message = std::string(text_at(entry, {"message"})),
                        .last = parse_rfc3339(text_at(entry, {"last"})),
                        .until = *until};
    Kind kind{loss.destination, loss.word.text(), loss.reason};
    told_[Agent{.node = loss.node}].losses.insert_or_assign(std::move(kind), std::move(loss));
  }
}

void RecentLosses::note(const std::vector<AgentReport>& reports, WallTime now) {
  for (auto& [agent, told] : told_) told.answers = false;
  for (const AgentReport& report : reports) {
    if (!report.unreachable) hear(report, now);
  }
  for (auto& [agent, told] : told_) {
    for (auto& [kind, loss] : told.losses) {
      loss.until = std::min(loss.until, now + report::kLossWindow);  // the clock was set back
    }
    if (told.answers) continue;
    std::erase_if(told.losses, [&](const auto& entry) { return entry.second.until <= now; });
  }
  std::erase_if(told_, [](const auto& entry) { return entry.second.losses.empty(); });
}

// The last report is read again whenever something else changes: only a new one says anything about
// the present.
void RecentLosses::hear(const AgentReport& report, WallTime now) {
  const report::Agent& says = report.says;
  Told& told = told_[Agent{report.node, report.pod, says.started}];
  const bool is_new = !told.said || told.said != says.now;
  const std::map<Kind, RecentLossFact> before = std::exchange(told.losses, {});
  told.said = says.now;
  told.answers = true;
  for (const report::Lane& lane : says.lanes) {
    for (const report::Loss& loss : lane.losses) {
      if (loss.lately == 0) continue;
      Kind kind{lane.name, loss.word.text(), loss.reason};
      const auto known = before.find(kind);
      const bool is_same = known != before.end() && !is_new;
      told.losses.insert_or_assign(
          std::move(kind),
          RecentLossFact{.node = report.node,
                         .destination = lane.name,
                         .word = loss.word,
                         .reason = loss.reason,
                         .spans = loss.lately,
                         .message = loss.message,
                         .last = loss.last,
                         .until = is_same ? known->second.until : end_of(loss, says, now)});
    }
  }
}

// Agents that answer at the same time have lost different spans. The last one of those that no
// longer answer has repeated what the others told.
std::vector<RecentLossFact> RecentLosses::facts() const {
  struct Spans {
    uint64_t told = 0;  // by agents that answer
    uint64_t kept = 0;
  };
  std::map<std::pair<std::string, Kind>, std::pair<RecentLossFact, Spans>> by_node;
  for (const auto& [agent, told] : told_) {
    for (const auto& [kind, loss] : told.losses) {
      auto& [sum, spans] = by_node.try_emplace({agent.node, kind}, loss, Spans{}).first->second;
      if (told.answers) {
        spans.told += loss.spans;
      } else {
        spans.kept = std::max(spans.kept, loss.spans);
      }
      add(loss, std::max(spans.told, spans.kept), sum);
    }
  }
  std::vector<RecentLossFact> facts;
  for (auto& [key, sum] : by_node) facts.push_back(std::move(sum.first));
  return facts;
}

std::optional<WallTime> RecentLosses::look_again() const {
  std::optional<WallTime> next;
  for (const auto& [agent, told] : told_) {
    if (told.answers) continue;
    for (const auto& [kind, loss] : told.losses) {
      next = std::min(next.value_or(loss.until), loss.until);
    }
  }
  return next;
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/lost_nodes.h"

#include <algorithm>
#include <chrono>

#include "common/time/rfc3339.h"

namespace dualtrace::ctl {
namespace {

constexpr Duration kKept = std::chrono::hours(24);
constexpr size_t kNodesMax = 20;  // in each list of the status

void add(const report::Agent& agent, std::vector<Backlog>& backlog) {
  for (const report::Lane& lane : agent.lanes) {
    if (lane.spans.backlog == 0) continue;
    auto same = std::find_if(backlog.begin(), backlog.end(),
                             [&](const auto& each) { return each.destination == lane.name; });
    if (same == backlog.end()) same = backlog.insert(same, {.destination = lane.name});
    same->spans += lane.spans.backlog;
    same->bytes += lane.backlog_bytes;
  }
}

std::vector<Backlog> backlog_at(const Json& entry) {
  std::vector<Backlog> backlog;
  for (const Json& lane : array_at(entry, {"destinations"})) {
    backlog.push_back({std::string(text_at(lane, {"name"})), count_at(lane, {"spans"}),
                       count_at(lane, {"bytes"})});
  }
  return backlog;
}

uint64_t spans_of(const std::vector<Backlog>& backlog) {
  uint64_t spans = 0;
  for (const Backlog& each : backlog) spans += each.spans;
  return spans;
}

bool is_same_disk(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || a == b;
}

}  // namespace

void LostNodes::resume(const Json& status) {
  for (const Json& entry : array_at(status, {"nodesWithBacklog"})) {
    seen_[std::string(text_at(entry, {"node"}))] = {
        .backlog = backlog_at(entry),
        .disk = std::string(text_at(entry, {"disk"})),
        .ending = false,
        .gone_since = parse_rfc3339(text_at(entry, {"goneSince"}))};
  }
  for (const Json& entry : array_at(status, {"nodesLost"})) {
    const auto since = parse_rfc3339(text_at(entry, {"since"}));
    if (!since) continue;
    lost_.push_back({.node = std::string(text_at(entry, {"node"})),
                     .since = *since,
                     .backlog = backlog_at(entry),
                     .disk = std::string(text_at(entry, {"disk"}))});
  }
}

void LostNodes::note(const std::vector<AgentReport>& reports, const std::set<std::string>& nodes,
                     WallTime now) {
  const std::map<std::string, Seen> heard = by_node(reports);
  forget_found(heard, nodes, now);
  compare_disks(heard, now);
  for (const auto& [node, seen] : heard) seen_[node] = seen;
  for (auto it = seen_.begin(); it != seen_.end();) {
    auto& [node, seen] = *it;
    if (nodes.contains(node)) {
      seen.gone_since.reset();
    } else if (!seen.gone_since) {
      seen.gone_since = now;
    }
    if (!seen.gone_since || now - *seen.gone_since < kNodePatience) {
      ++it;
      continue;
    }
    lose(node, seen, *seen.gone_since);
    it = seen_.erase(it);
  }
  if (lost_.size() > kNodesMax) lost_.resize(kNodesMax);
}

std::map<std::string, LostNodes::Seen> LostNodes::by_node(const std::vector<AgentReport>& reports) {
  std::map<std::string, Seen> heard;
  for (const AgentReport& report : reports) {
    if (report.unreachable) continue;
    const auto [entry, is_first] = heard.try_emplace(report.node, Seen{.disk = report.says.disk});
    Seen& seen = entry->second;
    if (!is_first && seen.disk != report.says.disk) seen.disk.clear();
    seen.ending = seen.ending && report.ending;
    add(report.says, seen.backlog);
  }
  return heard;
}

// With EmptyDir, each pod has its own disk. If an agent was deleted normally, spans that it did not
// deliver within drainTimeout are not reported as the loss of a node.
void LostNodes::compare_disks(const std::map<std::string, Seen>& heard, WallTime now) {
  for (const auto& [node, seen] : heard) {
    const auto before = seen_.find(node);
    if (before == seen_.end() || before->second.ending) continue;
    if (is_same_disk(before->second.disk, seen.disk)) continue;
    lose(node, before->second, before->second.gone_since.value_or(now));
  }
}

void LostNodes::forget_found(const std::map<std::string, Seen>& heard,
                             const std::set<std::string>& nodes, WallTime now) {
  std::erase_if(lost_, [&](const LostNodeFact& lost) {
    if (now - lost.since >= kKept) return true;
    if (lost.disk.empty()) return nodes.contains(lost.node);
    const auto again = heard.find(lost.node);
    return again != heard.end() && is_same_disk(lost.disk, again->second.disk);
  });
}

void LostNodes::lose(const std::string& node, const Seen& seen, WallTime since) {
  if (seen.backlog.empty()) return;
  std::erase_if(lost_, [&](const LostNodeFact& lost) {
    return lost.node == node && is_same_disk(lost.disk, seen.disk);
  });
  lost_.insert(lost_.begin(), {node, since, seen.backlog, seen.disk});
}

std::vector<NodeBacklogFact> LostNodes::backlogs() const {
  std::vector<NodeBacklogFact> all;
  for (const auto& [node, seen] : seen_) {
    if (!seen.backlog.empty()) all.push_back({node, seen.disk, seen.backlog, seen.gone_since});
  }
  if (all.size() <= kNodesMax) return all;
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return spans_of(a.backlog) > spans_of(b.backlog);
  });
  all.resize(kNodesMax);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.node < b.node; });
  return all;
}

std::optional<WallTime> LostNodes::look_again() const {
  std::optional<WallTime> next;
  const auto consider = [&next](WallTime when) { next = std::min(next.value_or(when), when); };
  for (const auto& [node, seen] : seen_) {
    if (seen.gone_since) consider(*seen.gone_since + kNodePatience);
  }
  for (const LostNodeFact& lost : lost_) consider(lost.since + kKept);
  return next;
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/lost_nodes.h"

#include <algorithm>
#include <chrono>

#include "common/time/rfc3339.h"

namespace dualtrace::ctl {
namespace {

constexpr Duration kKept = std::chrono::hours(24);
constexpr size_t kLostMax = 20;

void add(const report::Agent& agent, std::vector<LostNodeFact::Backlog>& backlog) {
  for (const report::Lane& lane : agent.lanes) {
    if (lane.spans.backlog == 0) continue;
    auto same = std::find_if(backlog.begin(), backlog.end(),
                             [&](const auto& each) { return each.destination == lane.name; });
    if (same == backlog.end()) same = backlog.insert(same, {.destination = lane.name});
    same->spans += lane.spans.backlog;
    same->bytes += lane.backlog_bytes;
  }
}

uint64_t number_at(const Json& object, std::string_view name) {
  return static_cast<uint64_t>(std::max<int64_t>(integer_at(object, {name}).value_or(0), 0));
}

}  // namespace

void LostNodes::resume(const Json& status) {
  for (const Json& entry : array_at(status, {"nodesLost"})) {
    const auto since = parse_rfc3339(text_at(entry, {"since"}));
    if (!since) continue;
    LostNodeFact node{.node = std::string(text_at(entry, {"node"})), .since = *since};
    for (const Json& lane : array_at(entry, {"destinations"})) {
      node.backlog.push_back({std::string(text_at(lane, {"name"})), number_at(lane, "spans"),
                              number_at(lane, "bytes")});
    }
    lost_.push_back(std::move(node));
  }
}

void LostNodes::note(const std::vector<AgentReport>& reports, const std::set<std::string>& nodes,
                     WallTime now) {
  std::map<std::string, Seen> heard;  // of both agents, if a node has two
  for (const AgentReport& report : reports) {
    if (!report.unreachable) add(report.says, heard[report.node].backlog);
  }
  for (auto& [node, seen] : heard) seen_[node] = std::move(seen);
  std::vector<LostNodeFact> just_lost;
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
    if (!seen.backlog.empty()) just_lost.push_back({node, *seen.gone_since, seen.backlog});
    it = seen_.erase(it);
  }
  std::erase_if(lost_, [&](const LostNodeFact& lost) {
    return nodes.contains(lost.node) || now - lost.since >= kKept;
  });
  lost_.insert(lost_.begin(), just_lost.begin(), just_lost.end());
  if (lost_.size() > kLostMax) lost_.resize(kLostMax);
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

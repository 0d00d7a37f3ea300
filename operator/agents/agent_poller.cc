// SPDX-License-Identifier: Apache-2.0
#include "operator/agents/agent_poller.h"

#include <algorithm>
#include <utility>

#include "operator/agents/report_change.h"

namespace dualtrace::ctl {
namespace {

constexpr uint32_t kFailuresForUnreachable = 2;

Counter& polls(MetricRegistry& metrics, const std::string& result) {
  return metrics.counter("dualtrace_operator_agent_polls_total",
                         "Requests for an agent's status, by result", {{"result", result}});
}

}  // namespace

AgentPoller::AgentPoller(Options options, ClientFactory make_client, Scheduler& scheduler,
                         uint64_t seed, MetricRegistry& metrics, Listener listener)
    : options_(options),
      make_client_(std::move(make_client)),
      scheduler_(scheduler),
      listener_(std::move(listener)),
      answered_(polls(metrics, "answered")),
      unreachable_(polls(metrics, "unreachable")),
      invalid_(polls(metrics, "invalid")),
      random_(seed) {}

AgentPoller::~AgentPoller() = default;

void AgentPoller::set_pods(const kube::ObjectKey& export_key, std::vector<AgentPod> pods) {
  std::vector<Turn> turns;
  {
    const Lock lock(mutex_);
    const bool first = !fleets_.contains(export_key);
    Fleet& fleet = fleets_[export_key];
    std::map<kube::ObjectKey, Agent> agents;
    for (AgentPod& pod : pods) {
      Agent agent;
      const auto known = fleet.agents.find(pod.key);
      if (known != fleet.agents.end() && known->second.pod.uid == pod.uid) {
        agent = std::move(known->second);
      }
      if (agent.pod != pod) {  // new, or ready now: its report has probably changed
        agent.number = ++last_number_;
        agent.pod = pod;
        turns.push_back({export_key, pod.key, agent.number});
      }
      if (first) fleet.not_asked.insert(pod.key);
      agents.emplace(std::move(pod.key), std::move(agent));
    }
    fleet.agents = std::move(agents);
    std::erase_if(fleet.not_asked,
                  [&](const kube::ObjectKey& pod) { return !fleet.agents.contains(pod); });
  }
  for (Turn& turn : turns) {
    scheduler_.post([this, turn = std::move(turn)] { take_turn(turn); });
  }
}

void AgentPoller::forget(const kube::ObjectKey& export_key) {
  const Lock lock(mutex_);
  fleets_.erase(export_key);
}

bool AgentPoller::asked(const kube::ObjectKey& export_key) const {
  const Lock lock(mutex_);
  const auto fleet = fleets_.find(export_key);
  return fleet != fleets_.end() && fleet->second.not_asked.empty();
}

std::vector<AgentReport> AgentPoller::reports(const kube::ObjectKey& export_key) const {
  std::vector<AgentReport> reports;
  const Lock lock(mutex_);
  const auto fleet = fleets_.find(export_key);
  if (fleet == fleets_.end()) return reports;
  for (const auto& [key, agent] : fleet->second.agents) {
    if (agent.report) reports.push_back(*agent.report);
  }
  return reports;
}

AgentPoller::Agent* AgentPoller::find(const Turn& turn) {
  const auto fleet = fleets_.find(turn.export_key);
  if (fleet == fleets_.end()) return nullptr;
  const auto agent = fleet->second.agents.find(turn.pod);
  if (agent == fleet->second.agents.end() || agent->second.number != turn.number) return nullptr;
  return &agent->second;
}

void AgentPoller::take_turn(Turn turn) {
  (turn.doubtful ? doubtful_ : waiting_).push_back(std::move(turn));
  ask_waiting();
}

void AgentPoller::ask_waiting() {
  while (const std::optional<Turn> turn = next_turn()) {
    std::optional<AgentPod> pod;
    {
      const Lock lock(mutex_);
      if (const Agent* agent = find(*turn)) pod = agent->pod;
    }
    if (pod) ask(*turn, *pod);
  }
}

std::optional<AgentPoller::Turn> AgentPoller::next_turn() {
  if (in_flight_.size() >= options_.requests_max) return std::nullopt;
  const size_t doubtful_max = std::max<size_t>(options_.requests_max / 2, 1);
  const bool takes_doubtful = !doubtful_.empty() && doubtful_in_flight_ < doubtful_max;
  std::deque<Turn>& from = waiting_.empty() && takes_doubtful ? doubtful_ : waiting_;
  if (from.empty()) return std::nullopt;
  Turn turn = std::move(from.front());
  from.pop_front();
  return turn;
}

void AgentPoller::ask(const Turn& turn, const AgentPod& pod) {
  // A client for each request: with many agents, kept-alive connections would cost too much.
  Request& request = in_flight_[turn.number];
  request.doubtful = turn.doubtful;
  if (turn.doubtful) ++doubtful_in_flight_;
  auto& client = request.client;
  const Url origin{"http", {pod.address, options_.port}, ""};
  client = make_client_({.origin = origin, .response_bytes_max = options_.answer_bytes_max});
  client->send(
      {.method = "GET", .path = "/status", .headers = {{"Connection", "close"}}}, options_.timeout,
      [this, turn, &scheduler = scheduler_](Result<HttpResponse> answer) {
        scheduler.post([this, turn, answer = std::move(answer)] { on_answer(turn, answer); });
      });
}

void AgentPoller::on_answer(const Turn& turn, const Result<HttpResponse>& answer) {
  const auto request = in_flight_.find(turn.number);
  if (request->second.doubtful) --doubtful_in_flight_;
  in_flight_.erase(request);
  Result<report::Agent> report = read(answer);
  const bool answered = report.has_value();
  std::optional<Duration> delay;
  bool tell = false;
  {
    const Lock lock(mutex_);
    if (const Agent* agent = find(turn)) {
      // Poll soon again, to find out whether it is gone, or how much a terminating one still has.
      const bool doubtful = !report && agent->failures + 1 < kFailuresForUnreachable;
      delay = doubtful || agent->pod.ending ? options_.interval / 3 : options_.interval;
      tell = note(turn, std::move(report));
    }
  }
  if (delay) {
    Turn next = turn;
    next.doubtful = !answered;
    come_back(next, *delay);
  }
  if (tell) listener_(turn.export_key);
  ask_waiting();
}

Result<report::Agent> AgentPoller::read(const Result<HttpResponse>& answer) {
  if (!answer) {
    unreachable_.increment();
    return fail(answer.error());
  }
  if (answer->status != 200) {
    invalid_.increment();
    return fail(ErrorKind::kUnavailable, "answered HTTP " + std::to_string(answer->status));
  }
  auto report = report::parse(answer->body);
  (report ? answered_ : invalid_).increment();
  return report;
}

bool AgentPoller::note(const Turn& turn, Result<report::Agent> report) {
  Fleet& fleet = fleets_.at(turn.export_key);
  Agent& agent = fleet.agents.at(turn.pod);
  agent.failures = report ? 0 : agent.failures + 1;
  const bool last_of_first = fleet.not_asked.erase(turn.pod) > 0 && fleet.not_asked.empty();

  auto change = ReportChange::kNone;
  if (report || !agent.report || agent.failures >= kFailuresForUnreachable) {
    AgentReport now{.node = agent.pod.node, .pod = agent.pod.key.name, .ending = agent.pod.ending};
    if (report) {
      now.says = *std::move(report);
    } else {
      now.unreachable = report.error().message;
      if (agent.report) now.says = agent.report->says;
    }
    change = agent.report ? compare_reports(*agent.report, now) : ReportChange::kState;
    agent.report = std::move(now);
  }

  if (!fleet.not_asked.empty()) return false;
  const Tick now = scheduler_.clock().tick();
  fleet.numbers_moved = fleet.numbers_moved || change == ReportChange::kNumbers;
  const bool numbers_due =
      fleet.numbers_moved && (!fleet.told || now - *fleet.told >= options_.numbers_interval);
  if (!last_of_first && change != ReportChange::kState && !numbers_due) return false;
  fleet.told = now;
  fleet.numbers_moved = false;
  return true;
}

void AgentPoller::come_back(const Turn& turn, Duration delay) {
  const auto jitter =
      static_cast<Duration::rep>(random_.below(static_cast<uint64_t>(delay.count()) / 2));
  scheduler_.run_after(delay * 3 / 4 + Duration(jitter), [this, turn] { take_turn(turn); });
}

}  // namespace dualtrace::ctl

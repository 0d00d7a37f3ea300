// SPDX-License-Identifier: Apache-2.0
#pragma once
// AgentPoller: polls GET /status of each agent and keeps the last report. If the reports of an
// export's agents have changed, it calls a listener, so that the export is reconciled: immediately
// for a change of state, at intervals if only numbers changed. Used by operator/app.
//
// Limits: on concurrent requests, and on the time and bytes of an answer. Polls of pods are spread
//   over the interval. Agents that did not answer the last time share half of the requests, so that
//   a lost pool of nodes does not delay the reports of others.
// Errors: one failed request does not change the state of an agent that has answered before; after
//   two in a row it counts as unreachable.
// Thread-safe. Requests and the listener's calls happen on the scheduler.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "common/metric/metric.h"
#include "common/net/http_client.h"
#include "common/random/random.h"
#include "common/sync/mutex.h"
#include "common/time/scheduler.h"
#include "operator/agents/agents.h"

namespace dualtrace::ctl {

class AgentPoller final : public Agents {
 public:
  struct Options {
    uint16_t port = 8888;
    Duration interval = std::chrono::seconds(15);          // ± a quarter
    Duration numbers_interval = std::chrono::seconds(30);  // between two calls of the listener
    Duration timeout = std::chrono::seconds(5);
    size_t requests_max = 64;
    size_t answer_bytes_max = report::kReportBytesMax;
  };
  using ClientFactory = std::function<std::unique_ptr<HttpClient>(HttpClient::Options)>;
  using Listener = std::function<void(const kube::ObjectKey& export_key)>;  // must not block

  // All references outlive the poller. Nothing else uses the scheduler, and it is stopped before
  // the poller is destroyed.
  AgentPoller(Options options, ClientFactory make_client, Scheduler& scheduler, uint64_t seed,
              MetricRegistry& metrics, Listener listener);
  ~AgentPoller() override;
  AgentPoller(const AgentPoller&) = delete;
  AgentPoller& operator=(const AgentPoller&) = delete;

  void set_pods(const kube::ObjectKey& export_key, std::vector<AgentPod> pods) override;
  void forget(const kube::ObjectKey& export_key) override;
  [[nodiscard]] bool asked(const kube::ObjectKey& export_key) const override;
  [[nodiscard]] std::vector<AgentReport> reports(const kube::ObjectKey& export_key) const override;

 private:
  // One pod, as long as it is unchanged. The number distinguishes it from its earlier states: an
  // answer or a timer that comes too late has an old number.
  struct Agent {
    uint64_t number = 0;
    AgentPod pod;
    std::optional<AgentReport> report;
    uint32_t failures = 0;  // in a row
  };
  struct Fleet {
    std::map<kube::ObjectKey, Agent> agents;  // by pod
    std::set<kube::ObjectKey> not_asked;      // of the first pods
    std::optional<Tick> told;                 // when the listener was last called
    bool numbers_moved = false;               // since then
  };
  struct Turn {  // which pod to poll
    kube::ObjectKey export_key;
    kube::ObjectKey pod;
    uint64_t number = 0;
    bool doubtful = false;  // it did not answer the last time
  };
  struct Request {
    std::unique_ptr<HttpClient> client;
    bool doubtful = false;
  };

  Agent* find(const Turn& turn) DT_REQUIRES(mutex_);
  void take_turn(Turn turn);
  void ask_waiting();
  std::optional<Turn> next_turn();
  void ask(const Turn& turn, const AgentPod& pod);
  void on_answer(const Turn& turn, const Result<HttpResponse>& answer);
  Result<report::Agent> read(const Result<HttpResponse>& answer);
  // Whether to call the listener.
  bool note(const Turn& turn, Result<report::Agent> report) DT_REQUIRES(mutex_);
  void come_back(const Turn& turn, Duration delay);

  const Options options_;
  const ClientFactory make_client_;
  Scheduler& scheduler_;
  const Listener listener_;
  Counter& answered_;
  Counter& unreachable_;
  Counter& invalid_;

  // On the scheduler only.
  Random random_;
  std::deque<Turn> waiting_;
  std::deque<Turn> doubtful_;              // waiting, too
  std::map<uint64_t, Request> in_flight_;  // by the agent's number
  size_t doubtful_in_flight_ = 0;

  mutable Mutex mutex_;
  std::map<kube::ObjectKey, Fleet> fleets_ DT_GUARDED_BY(mutex_);
  uint64_t last_number_ DT_GUARDED_BY(mutex_) = 0;
};

}  // namespace dualtrace::ctl

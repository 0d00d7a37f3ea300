// SPDX-License-Identifier: Apache-2.0
#pragma once
// Observe: from cached objects, trimmed (trim.h), to what status/ and agents/ want to know. Pure,
// but for the watches.

#include <optional>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/kube/store.h"
#include "common/time/clock.h"
#include "operator/agents/agents.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

// Nothing when there is none. `applied_generation`: what the API server said when we applied it:
// the cache may not show that yet, and must not make us say that it has been rolled out.
[[nodiscard]] std::optional<DaemonSetFact> observe_daemon_set(const Json* cached,
                                                              int64_t applied_generation);

// Since when agents use other credentials than the Secrets have. Used from one thread at a time.
class DifferenceWatch {
 public:
  // `now` when it is another difference than before.
  Tick note(const std::string& difference, Tick now);

 private:
  std::string difference_;
  Tick since_{};
};

// Since when a DaemonSet's counts are what they are. Used from one thread at a time.
class RolloutWatch {
 public:
  // `now` when they have just moved, or are seen for the first time.
  Tick note(const DaemonSetFact& set, Tick now);

 private:
  DaemonSetFact counts_;
  std::optional<Tick> since_;
};

// Of a pod, trimmed or not.
[[nodiscard]] bool is_ready(const Json& pod);

// The pods whose agents can be asked: they run and have an address.
[[nodiscard]] std::vector<AgentPod> observe_pods(const std::vector<kube::ObjectPointer>& pods);

}  // namespace dualtrace::ctl

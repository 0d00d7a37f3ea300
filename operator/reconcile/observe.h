// SPDX-License-Identifier: Apache-2.0
#pragma once
// Observe: from cached objects, trimmed (trim.h), to the facts that status/ and agents/ need. Pure,
// except for the watches.

#include <optional>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/kube/store.h"
#include "common/time/clock.h"
#include "operator/agents/agents.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

// nullopt if there is none. `applied_generation`: from the API server's answer when we applied the
// DaemonSet. The cache may not show that generation yet, and an older one must not be reported as
// rolled out.
[[nodiscard]] std::optional<DaemonSetFact> observe_daemon_set(const Json* cached,
                                                              int64_t applied_generation);

// Since when something, described by a text, has been unchanged. Used from one thread at a time.
class TextWatch {
 public:
  // Returns `now` if the text has changed, or is seen for the first time.
  Tick note(const std::string& text, Tick now);

 private:
  std::string text_;
  std::optional<Tick> since_;
};

// Since when a DaemonSet's counts have been unchanged. Used from one thread at a time.
class RolloutWatch {
 public:
  // Returns `now` if they have just changed, or are seen for the first time.
  Tick note(const DaemonSetFact& set, Tick now);

 private:
  DaemonSetFact counts_;
  std::optional<Tick> since_;
};

// `pod` may be trimmed.
[[nodiscard]] bool is_ready(const Json& pod);

// The pods whose agents can be polled: they run and have an address.
[[nodiscard]] std::vector<AgentPod> observe_pods(const std::vector<kube::ObjectPointer>& pods);

}  // namespace dualtrace::ctl

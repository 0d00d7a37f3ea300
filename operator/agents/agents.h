// SPDX-License-Identifier: Apache-2.0
#pragma once
// Agents: what the agents of an export say of themselves, as reconcile/ asks for it. AgentPoller is
// the real one; tests have one that they fill. Which pods are an export's agents is told by whoever
// reconciles it: so only the leader asks any agent anything.
// Thread-safe; no call blocks.

#include <string>
#include <vector>

#include "common/kube/object.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

// A pod that an agent runs in and that has an address.
struct AgentPod {
  kube::ObjectKey key;
  std::string uid;
  std::string node;
  std::string address;  // an IP address
  bool ready = false;
  bool ending = false;  // it delivers what it can, and is asked more often for what is left
  bool operator==(const AgentPod&) const = default;
};

class Agents {
 public:
  virtual ~Agents() = default;
  // These are the export's agents from now on, and no others.
  virtual void set_pods(const kube::ObjectKey& export_key, std::vector<AgentPod> pods) = 0;
  virtual void forget(const kube::ObjectKey& export_key) = 0;
  // Whether all pods that set_pods() named first have been asked, or are gone. Until then a status
  // would say less than the one that another operator may have written before.
  [[nodiscard]] virtual bool asked(const kube::ObjectKey& export_key) const = 0;
  // The last report of each pod that was asked, ordered by pod.
  [[nodiscard]] virtual std::vector<AgentReport> reports(
      const kube::ObjectKey& export_key) const = 0;
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Agents: the reports of an export's agents, in the form that reconcile/ needs. AgentPoller is the
// real one; tests have one that they fill. The reconciler sets which pods are an export's agents,
// so only the leader polls agents. Thread-safe; no call blocks.

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
  bool ending = false;  // it delivers what it can, and is polled more often for its backlog
  bool operator==(const AgentPod&) const = default;
};

class Agents {
 public:
  virtual ~Agents() = default;
  // Replaces the pods of the export's agents.
  virtual void set_pods(const kube::ObjectKey& export_key, std::vector<AgentPod> pods) = 0;
  virtual void forget(const kube::ObjectKey& export_key) = 0;
  // Whether all pods of the first set_pods() have been polled, or no longer exist. Before that, a
  // status would report less than the one that a previous operator may have written.
  [[nodiscard]] virtual bool asked(const kube::ObjectKey& export_key) const = 0;
  // The last report of each polled pod, ordered by pod.
  [[nodiscard]] virtual std::vector<AgentReport> reports(
      const kube::ObjectKey& export_key) const = 0;
};

}  // namespace dualtrace::ctl

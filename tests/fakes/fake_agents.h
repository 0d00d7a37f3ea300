// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeAgents: agents whose reports the test sets. Used from one thread.

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "operator/agents/agents.h"

namespace dualtrace::ctl {

class FakeAgents final : public Agents {
 public:
  void set_pods(const kube::ObjectKey& export_key, std::vector<AgentPod> named) override {
    pods[export_key] = std::move(named);
  }
  void forget(const kube::ObjectKey& export_key) override { pods.erase(export_key); }
  [[nodiscard]] bool asked(const kube::ObjectKey& /*export_key*/) const override {
    return all_asked;
  }
  [[nodiscard]] std::vector<AgentReport> reports(
      const kube::ObjectKey& /*export_key*/) const override {
    return said;
  }

  std::map<kube::ObjectKey, std::vector<AgentPod>> pods;
  std::vector<AgentReport> said;
  bool all_asked = true;
};

}  // namespace dualtrace::ctl

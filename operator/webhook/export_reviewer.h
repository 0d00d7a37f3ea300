// SPDX-License-Identifier: Apache-2.0
#pragma once
// ExportReviewer: warns the author who creates, changes or deletes an export about problems that
// the status would otherwise report later. It never rejects an export. Two exports cannot get the
// same children, because the children's names derive from the exports' (operator/plan/names.h).
// Thread-safe; the ClusterView outlives it.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/time/clock.h"
#include "operator/api/agent_defaults.h"
#include "operator/api/dual_trace_export.h"
#include "operator/webhook/admission_review.h"
#include "operator/webhook/cluster_view.h"
#include "operator/webhook/request.h"

namespace dualtrace::ctl {

class ExportReviewer {
 public:
  struct Questions {  // each is optional
    // Whether the Secret exists; nullopt: not known. Blocks until `wait_until` at most, and not at
    // all if that is past.
    std::function<std::optional<bool>(const kube::ObjectKey& secret, Tick wait_until)> has_secret;
    // Settings that the installation does not permit, and faults that only planning detects
    // (plan_export()); its `value` is set.
    std::function<std::vector<ExportFault>(const EffectiveExport&)> plan_faults;
    // The namespaces whose pods may ask for an export.
    std::function<std::vector<PodNamespace>()> namespaces{};
    ConsentRules consent{};
    AgentDefaults agent_defaults{};
  };
  ExportReviewer(const ClusterView& cluster, Questions questions)
      : cluster_(cluster), questions_(std::move(questions)) {}

  // Only the questions block, until `wait_until`.
  [[nodiscard]] AdmissionAnswer review(const AdmissionRequest& request, Tick wait_until) const;

 private:
  [[nodiscard]] std::vector<std::string> missing_secrets(const DualTraceExport& wanted,
                                                         Tick wait_until) const;
  [[nodiscard]] std::vector<std::string> others_beside(const kube::ObjectKey& key) const;
  [[nodiscard]] AdmissionAnswer review_deletion(const AdmissionRequest& request) const;
  [[nodiscard]] std::vector<std::string> other_meanings(const AdmissionRequest& request) const;

  const ClusterView& cluster_;
  const Questions questions_;
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// ExportReviewer: what there is to say at once to whoever creates, changes or deletes an export,
// and would otherwise be found in a status later: warnings, never a refusal. Two exports cannot get
// the same children: their names come from the exports' own (operator/plan/names.h). Thread-safe;
// the Directory outlives it.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/time/clock.h"
#include "operator/api/agent_defaults.h"
#include "operator/api/dual_trace_export.h"
#include "operator/webhook/admission_review.h"
#include "operator/webhook/directory.h"
#include "operator/webhook/request.h"

namespace dualtrace::ctl {

class ExportReviewer {
 public:
  struct Questions {  // each may be left out
    // Whether there is such a Secret; nullopt: not known. Blocks until then at most, and not at all
    // when that is past.
    std::function<std::optional<bool>(const kube::ObjectKey& secret, Tick wait_until)> has_secret;
    // What the installation does not permit, and faults that show only when the agents'
    // configuration is made (plan_export()); of the export as it is written, and as it is read.
    std::function<std::vector<ExportFault>(const Json&, const DualTraceExport&)> plan_faults;
    // Those whose pods may ask.
    std::function<std::vector<PodNamespace>()> namespaces{};
    ConsentRules consent{};
    AgentDefaults agent_defaults{};
  };
  ExportReviewer(const Directory& directory, Questions questions)
      : directory_(directory), questions_(std::move(questions)) {}

  // `wait_until` is for the questions; nothing else blocks.
  [[nodiscard]] AdmissionAnswer review(const AdmissionRequest& request, Tick wait_until) const;

 private:
  [[nodiscard]] std::vector<std::string> missing_secrets(const DualTraceExport& wanted,
                                                         Tick wait_until) const;
  [[nodiscard]] std::vector<std::string> others_beside(const kube::ObjectKey& key) const;
  [[nodiscard]] AdmissionAnswer review_deletion(const AdmissionRequest& request) const;
  [[nodiscard]] std::vector<std::string> other_meanings(const AdmissionRequest& request) const;

  const Directory& directory_;
  const Questions questions_;
};

}  // namespace dualtrace::ctl

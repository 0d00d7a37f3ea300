// SPDX-License-Identifier: Apache-2.0
#pragma once
// PodReviewer: the answer to a pod that is about to be created: the variables by which its spans go
// to an export's agents, or the reason why it gets none, as annotations on the pod itself. It never
// refuses a pod; where anything is in doubt the pod passes as it is. A pod that has been answered
// before gets only what it does not have yet. What may keep spans of an injected pod from its agent
// is said beside. It reads what the Directory knows and asks nobody.
// Thread-safe; the Directory outlives it.

#include <utility>

#include "operator/webhook/admission_review.h"
#include "operator/webhook/cluster_dns.h"
#include "operator/webhook/directory.h"

namespace dualtrace::ctl {

class PodReviewer {
 public:
  explicit PodReviewer(const Directory& directory, ClusterDns dns = {})
      : directory_(directory), dns_(std::move(dns)) {}

  // Audit annotations: "injected" with the export, or "skipped" with the reason; "warned" with the
  // reasons.
  [[nodiscard]] AdmissionAnswer review(const AdmissionRequest& request) const;

 private:
  const Directory& directory_;
  ClusterDns dns_;
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// PodReviewer: answers reviews of pods that are about to be created: it adds the variables that
// send a pod's spans to an export's agents, or records in an annotation on the pod why it gets
// none. It never rejects a pod; in case of doubt it admits the pod unchanged. A pod that has been
// reviewed before gets only what it lacks. Warnings report what may keep an injected pod's spans
// from its agent. It reads only the ClusterView and sends no requests.
// Thread-safe; the ClusterView outlives it.

#include <utility>

#include "operator/webhook/admission_review.h"
#include "operator/webhook/cluster_dns.h"
#include "operator/webhook/cluster_view.h"

namespace dualtrace::ctl {

class PodReviewer {
 public:
  explicit PodReviewer(const ClusterView& cluster, ClusterDns dns = {})
      : cluster_(cluster), dns_(std::move(dns)) {}

  // Audit annotations: "injected" with the export, or "skipped" with the reason; "warned" with the
  // reasons.
  [[nodiscard]] AdmissionAnswer review(const AdmissionRequest& request) const;

 private:
  const ClusterView& cluster_;
  ClusterDns dns_;
};

}  // namespace dualtrace::ctl

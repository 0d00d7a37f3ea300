// SPDX-License-Identifier: Apache-2.0
#include "operator/app/reviews.h"

#include "operator/webhook/export_reviewer.h"
#include "operator/webhook/pod_reviewer.h"

namespace dualtrace::ctl {
namespace {

// Before everything has been listed, reviews would report existing exports as missing.
AdmissionAnswer unseen() {
  AdmissionAnswer answer;
  answer.warnings = {"dualtrace: not reviewed: the operator has only just started"};
  return answer;
}

}  // namespace

Reviews make_reviews(const Informers& informers, const Installation& installation,
                     const Scope& scope, const SecretLookup& secrets, const ClusterDns& dns) {
  const auto begun = [&informers] { return informers.unsynced().empty(); };
  const PodReviewer pods(informers, dns);
  const ExportReviewer exports(
      informers,
      {.has_secret = [&secrets](const kube::ObjectKey& secret,
                                Tick wait_until) { return secrets.has(secret, wait_until); },
       .plan_faults =
           [installation](const EffectiveExport& wanted) {
             auto faults = not_permitted(wanted.as_written(), installation.permissions,
                                         installation.agent_image);
             return faults.empty() ? plan_export(wanted.value.value(), installation).faults
                                   : faults;
           },
       .namespaces = [&informers] { return informers.namespaces(); },
       .consent = installation.consent,
       .agent_defaults = installation.agent_defaults});
  return {{"/mutate-pods",
           [begun, pods](const AdmissionRequest& request) {
             return begun() ? pods.review(request) : unseen();
           }},
          {"/validate-exports",
           [begun, exports, scope](const AdmissionRequest& request, Tick wait_until) {
             const bool deleted = request.operation == "DELETE";
             const Json& object = deleted ? request.old_object : request.object;
             // The operator that serves the export reviews it.
             if (!scope.serves(request.key.namespace_name, object)) return AdmissionAnswer();
             return begun() ? exports.review(request, wait_until) : unseen();
           }}};
}

}  // namespace dualtrace::ctl

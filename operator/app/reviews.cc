#include "operator/app/reviews.h"

#include <memory>
#include <utility>

#include "operator/webhook/export_reviewer.h"
#include "operator/webhook/pod_reviewer.h"

namespace dualtrace::ctl {
namespace {

// Before everything has been listed, "there is no such export" would be said of ones that are
// there.
Review once_synced(const Informers& informers, Review review) {
  return [&informers, review = std::move(review)](const AdmissionRequest& request) {
    if (informers.unsynced().empty()) return review(request);
    AdmissionAnswer unseen;
    unseen.warnings = {"dualtrace: not looked at: the operator has only just begun"};
    return unseen;
  };
}

}  // namespace

Reviews make_reviews(const Informers& informers, const Installation& installation) {
  const PodReviewer pods(informers);
  const ExportReviewer exports(
      informers, {.has_secret = {}, .plan_faults = [installation](const DualTraceExport& wanted) {
                    return plan_export(wanted, installation).faults;
                  }});
  return {{"/mutate-pods",
           once_synced(informers,
                       [pods](const AdmissionRequest& request) { return pods.review(request); })},
          {"/validate-exports", once_synced(informers, [exports](const AdmissionRequest& request) {
             return exports.review(request);
           })}};
}

}  // namespace dualtrace::ctl

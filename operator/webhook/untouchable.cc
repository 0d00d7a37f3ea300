// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/untouchable.h"

#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";

}  // namespace

bool is_untouchable(const Json& pod) {
  return find(pod, {"metadata", "annotations", kMirrorAnnotation}) != nullptr ||
         (find(pod, {"metadata", "labels", kExportLabel}) != nullptr &&
          text_at(pod, {"metadata", "labels", kManagedByLabel}) == kManagedByValue);
}

}  // namespace dualtrace::ctl

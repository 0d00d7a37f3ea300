// SPDX-License-Identifier: Apache-2.0
#pragma once
// The JSON patch (RFC 6902) that applies a plan to a pod. A patch that the API server cannot apply,
// or that makes the pod invalid, would prevent the pod's creation although the webhook's
// failurePolicy is Ignore. So the patch is applied here first, and the result is compared with the
// original pod.
// Pure.

#include "common/error/result.h"
#include "common/json/json.h"
#include "operator/webhook/injection_plan.h"

namespace dualtrace::ctl {

using Annotations = std::vector<std::pair<std::string_view, std::string>>;

// Only operations of kind "add", which depend only on the pod.
[[nodiscard]] Json render_patch(const Json& pod, const InjectionPlan& plan,
                                const Annotations& annotations);

// The pod after the patch; kInvalid if it cannot be applied.
[[nodiscard]] Result<Json> apply_patch(const Json& pod, const Json& patch);

// Whether `after` still has everything that the user wrote, in the same order, and all additions
// are ours and valid.
[[nodiscard]] Status check_patched(const Json& before, const Json& after);

}  // namespace dualtrace::ctl

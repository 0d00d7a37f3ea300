// SPDX-License-Identifier: Apache-2.0
#pragma once
// The JSON patch (RFC 6902) that carries a plan out on a pod. A patch that the API server cannot
// apply, or that makes a pod invalid, would keep the pod from being created although the webhook's
// failurePolicy is Ignore: so it is applied here first, and held against the pod it came from.
// Pure.

#include "common/error/result.h"
#include "common/json/json.h"
#include "operator/webhook/injection_plan.h"

namespace dualtrace::ctl {

using Annotations = std::vector<std::pair<std::string_view, std::string>>;

// Operations of kind "add" alone, which need nothing but what is in the pod.
[[nodiscard]] Json render_patch(const Json& pod, const InjectionPlan& plan,
                                const Annotations& annotations);

// The pod after the patch; kInvalid when it cannot be applied.
[[nodiscard]] Result<Json> apply_patch(const Json& pod, const Json& patch);

// Whether everything that the user wrote is there in `after`, in its order, and what is new is ours
// and valid.
[[nodiscard]] Status check_patched(const Json& before, const Json& after);

}  // namespace dualtrace::ctl

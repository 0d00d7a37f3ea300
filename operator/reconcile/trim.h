// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parts of children and pods that the informers keep: little enough for ten thousand of them,
// but enough to detect that somebody changed one. The essence detects that: a hash that changes
// with every edit by anybody, including us, but not when a status is written. operator/app passes
// it to the informers. Pure.

#include <functional>
#include <string>

#include "common/json/json.h"
#include "common/kube/object.h"

namespace dualtrace::ctl {

// For a whole object: a hash of its uid, generation, deletion, labels, annotations, owners, and of
// who wrote which fields when (managedFields without those of subresources: every write that
// changes a field shows there, even if an object has no generation). For a trimmed one: the stored
// essence.
[[nodiscard]] std::string essence_of(const Json& object);

// The function that trims objects of that type for its informer: planned types and pods.
[[nodiscard]] std::function<void(Json&)> trim_of(const kube::ResourceType& type);

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the informers keep of children and pods: memory for ten thousand of them, and enough to see
// that somebody changed one. That is the essence: a hash that moves with every edit by anybody,
// ours included, and does not move when a status is written. Given to the informers by
// operator/app. Pure.

#include <functional>
#include <string>

#include "common/json/json.h"
#include "common/kube/object.h"

namespace dualtrace::ctl {

// Of a whole object: from its uid, generation, deletion, labels, annotations, owners, and from who
// wrote which fields when (managedFields without those of subresources: every write that changes a
// field shows there, also where an object has no generation). Of a trimmed one: what was kept.
[[nodiscard]] std::string essence_of(const Json& object);

// What an informer of that type is to keep: planned types and pods.
[[nodiscard]] std::function<void(Json&)> trim_of(const kube::ResourceType& type);

}  // namespace dualtrace::ctl

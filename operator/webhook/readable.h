// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether a pod has the shape that the rest of webhook/ relies on. The API server sends no other;
// one that is not so gets no patch. Pure.

#include "common/error/result.h"
#include "common/json/json.h"

namespace dualtrace::ctl {

// A pod with containers, each an object with a name, whose env and envFrom, if any, are lists of
// objects; and annotations that are texts.
[[nodiscard]] Status check_readable(const Json& pod);

}  // namespace dualtrace::ctl

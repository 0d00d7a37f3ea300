// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whether a pod has the structure that the rest of webhook/ relies on. The API server sends only
// such pods; a pod without that structure gets no patch. Pure.

#include "common/error/result.h"
#include "common/json/json.h"

namespace dualtrace::ctl {

// The pod must have containers, each an object with a name, whose env and envFrom, if any, are
// lists of objects; its annotations must be strings.
[[nodiscard]] Status check_readable(const Json& pod);

}  // namespace dualtrace::ctl

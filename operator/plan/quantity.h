// SPDX-License-Identifier: Apache-2.0
#pragma once
// Kubernetes' quantities in the API server's canonical form ("1Gi" for "1024Mi", "1" for "1000m"):
// a planned object then reads back exactly as planned and is not applied again because of its
// format.
// Pure.

#include <cstdint>
#include <string>

#include "common/json/json.h"

namespace dualtrace::ctl {

// In binary units.
[[nodiscard]] std::string quantity(uint64_t bytes);

// {requests, limits} of a container; a value that is not a quantity stays unchanged.
[[nodiscard]] Json canonical_resources(const Json& resources);

}  // namespace dualtrace::ctl

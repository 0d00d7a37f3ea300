// SPDX-License-Identifier: Apache-2.0
#pragma once
// Kubernetes' quantities as the API server writes them itself ("1Gi" for "1024Mi", "1" for
// "1000m"): what is planned then reads back as it was planned, and is not applied again for that.
// Pure.

#include <cstdint>
#include <string>

#include "common/json/json.h"

namespace dualtrace::ctl {

// In binary units.
[[nodiscard]] std::string quantity(uint64_t bytes);

// {requests, limits} of a container; what is no quantity stays as it is.
[[nodiscard]] Json canonical_resources(const Json& resources);

}  // namespace dualtrace::ctl

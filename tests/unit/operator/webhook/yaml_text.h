// SPDX-License-Identifier: Apache-2.0
#pragma once
// Json as readable YAML: names first, and strings without quotes where that is unambiguous.
// Pure.

#include <string>

#include "common/json/json.h"

namespace dualtrace::ctl {

[[nodiscard]] std::string to_yaml(const Json& value);

}  // namespace dualtrace::ctl

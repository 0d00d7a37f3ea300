// SPDX-License-Identifier: Apache-2.0
#pragma once
// Json as YAML that people read: names first, texts without quotes where they cannot be mistaken.
// Pure.

#include <string>

#include "common/json/json.h"

namespace dualtrace::ctl {

[[nodiscard]] std::string to_yaml(const Json& value);

}  // namespace dualtrace::ctl

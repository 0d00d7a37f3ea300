// SPDX-License-Identifier: Apache-2.0
#pragma once
// check_value(): whether a text is a valid value of a key of the schema. The agent checks its file
// with it, the operator the fields of a DualTraceExport, so that both accept the same values and
// report the same errors. These state what was expected and never contain the text, which may be a
// misplaced secret.
// Pure.

#include <string>
#include <string_view>

#include "common/config/schema.h"
#include "common/error/result.h"

namespace dualtrace {

// For a map, `text` is one of its values.
[[nodiscard]] Status check_value(const SchemaKey& key, std::string_view text);

// The fault of a key that is required but not set: says what to set.
[[nodiscard]] std::string not_set(std::string_view what_to_set);

}  // namespace dualtrace

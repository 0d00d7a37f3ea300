// SPDX-License-Identifier: Apache-2.0
#pragma once
// authorization_details (RFC 9396) as Zerobus requires them: for each table, exactly the privileges
// that it needs on the catalog, schema and table.
// Pure.

#include <set>
#include <string>
#include <string_view>

#include "common/error/result.h"
#include "tests/sandbox/access.h"

namespace dualtrace::sandbox {

// The tables in the details. kInvalid names the wrong entry and its fault.
Result<std::set<std::string>> read_authorization_details(std::string_view text,
                                                         Operations operations);

}  // namespace dualtrace::sandbox

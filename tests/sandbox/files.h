// SPDX-License-Identifier: Apache-2.0
#pragma once
// Small whole files. The agent's FileSystem is not used here because it syncs, which a sandbox need
// not do. Thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"

namespace dualtrace::sandbox {

Result<std::string> read_text(const std::string& path);
// The non-blank lines, without surrounding white space.
Result<std::vector<std::string>> read_lines(const std::string& path);
// Readers see either the old or the new content, never a part.
Status write_text(const std::string& path, std::string_view text);

}  // namespace dualtrace::sandbox

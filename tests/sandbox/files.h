// SPDX-License-Identifier: Apache-2.0
#pragma once
// Small whole files. The agent's FileSystem is not used here: it syncs, and a sandbox need not.
// Thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"

namespace dualtrace::sandbox {

Result<std::string> read_text(const std::string& path);
// The lines that are not blank, without the white space around them.
Result<std::vector<std::string>> read_lines(const std::string& path);
// Readers see the old content or the new one, never a part.
Status write_text(const std::string& path, std::string_view text);

}  // namespace dualtrace::sandbox

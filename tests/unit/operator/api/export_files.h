// SPDX-License-Identifier: Apache-2.0
#pragma once
// The YAML files of exports and of their CRD, as Json, as the API server would pass them on. Used
// from one thread.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"

namespace dualtrace::ctl {

// Relative to the root of the source tree.
[[nodiscard]] Json read_yaml_file(const std::filesystem::path& path);
// The texts of the comments "# name: text" in the file; "" if there are none.
[[nodiscard]] std::string comment_in_file(const std::filesystem::path& path, std::string_view name);
// Sorted.
[[nodiscard]] std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder);

[[nodiscard]] Json minimal_export();  // docs/examples/minimal.yaml
[[nodiscard]] Json full_export();     // docs/examples/dualtraceexport.yaml

}  // namespace dualtrace::ctl

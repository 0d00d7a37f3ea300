// SPDX-License-Identifier: Apache-2.0
#pragma once
// The version of a program and the commit it was built from, for `--version`, logs and requests.
// Used by each program's main.cc, which passes the texts on: nothing else depends on them. They are
// compiled into one small file, which the build rewrites if the commit changes
// (cmake/version.cmake), so that a commit recompiles nothing else.
// Immutable.

#include <string>
#include <string_view>

namespace dualtrace {

// As in SemVer: "0.1.0" or "0.2.0-rc.1".
std::string_view version();

// One line for `--version`: "dualtrace-agent 0.1.0 (commit 1a2b3c4d5e6f, 2026-03-01T10:00:00Z)".
// The date is the commit's, not the build's, so that two builds of one commit are the same. A
// commit that ends in "-dirty" had modified files. A build outside of a git repository has
// "unknown".
std::string version_line(std::string_view program);

}  // namespace dualtrace

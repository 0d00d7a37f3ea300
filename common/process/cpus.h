// SPDX-License-Identifier: Apache-2.0
#pragma once
// How many CPUs this process may use: those of the machine that its mask allows, and no more than
// the quota of its cgroup (a container's CPU limit), of version 2 or 1. Thread-safe.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace dualtrace {

// At least 1; a quota of one and a half is 1, since a second thread would be stopped half of the
// time.
[[nodiscard]] uint32_t usable_cpus();

// The smallest quota from the process's group up to the root, in CPUs; nothing when there is none.
// `root` is where the cgroups are mounted, `groups` the text of /proc/self/cgroup.
[[nodiscard]] std::optional<double> cpu_quota(const std::filesystem::path& root,
                                              std::string_view groups);

}  // namespace dualtrace

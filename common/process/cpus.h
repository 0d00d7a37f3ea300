// SPDX-License-Identifier: Apache-2.0
#pragma once
// How many CPUs this process may use: those that its affinity mask allows, up to the CPU quota of
// its cgroup (a container's CPU limit), v2 or v1. Thread-safe.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace dualtrace {

// At least 1. A quota of 1.5 counts as 1, since a second thread would be throttled half of the
// time.
[[nodiscard]] uint32_t usable_cpus();

// The smallest quota from the process's group up to the root, in CPUs; nullopt if there is none.
// `root` is where cgroups are mounted, `groups` the contents of /proc/self/cgroup.
[[nodiscard]] std::optional<double> cpu_quota(const std::filesystem::path& root,
                                              std::string_view groups);

}  // namespace dualtrace

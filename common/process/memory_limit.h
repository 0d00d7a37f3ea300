// SPDX-License-Identifier: Apache-2.0
#pragma once
// How much memory the kernel allows this process: the lowest limit of its cgroup and those above
// it, v2 or v1. Reads a few small files; not for a hot path. Pure, except for these.

#include <cstdint>
#include <optional>
#include <string>

namespace dualtrace {

struct CgroupFiles {
  std::string membership = "/proc/self/cgroup";
  std::string root = "/sys/fs/cgroup";
};

// nullopt if there is no limit, or none that can be read.
[[nodiscard]] std::optional<uint64_t> memory_limit(const CgroupFiles& files = {});

}  // namespace dualtrace

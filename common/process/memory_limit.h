// SPDX-License-Identifier: Apache-2.0
#pragma once
// How much memory the kernel lets this process have: the least limit of its cgroup and those above
// it, of version 2 and of version 1. Reads a few small files; not for a hot path. Pure but for
// these.

#include <cstdint>
#include <optional>
#include <string>

namespace dualtrace {

struct CgroupFiles {
  std::string membership = "/proc/self/cgroup";
  std::string root = "/sys/fs/cgroup";
};

// nullopt when there is no limit, or none that can be read.
[[nodiscard]] std::optional<uint64_t> memory_limit(const CgroupFiles& files = {});

}  // namespace dualtrace

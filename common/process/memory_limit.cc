// SPDX-License-Identifier: Apache-2.0
#include "common/process/memory_limit.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

namespace dualtrace {
namespace {

// Version 1 writes "no limit" as the largest multiple of a page.
constexpr uint64_t kNoLimit = uint64_t{1} << 60;

std::optional<uint64_t> limit_in(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  if (!(file >> text)) return std::nullopt;
  uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || end != text.data() + text.size() || bytes >= kNoLimit) {
    return std::nullopt;  // "max"
  }
  return bytes;
}

// The lowest limit of the cgroup and all above it. In a container, the path may be the host's, and
// only its root exists there.
std::optional<uint64_t> least_limit(const std::string& mount, std::string path,
                                    const std::string& name) {
  std::optional<uint64_t> least;
  while (true) {
    if (const auto limit = limit_in(mount + path + "/" + name)) {
      least = std::min(least.value_or(*limit), *limit);
    }
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return least;
    path.resize(slash);
  }
}

bool has_controller(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::optional<uint64_t> memory_limit(const CgroupFiles& files) {
  std::ifstream membership(files.membership);
  std::optional<uint64_t> least;
  // "0::/path" for version 2, "4:memory:/path" for version 1.
  for (std::string line; std::getline(membership, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string_view controllers =
        std::string_view(line).substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    std::optional<uint64_t> limit;
    if (controllers.empty()) limit = least_limit(files.root, path, "memory.max");
    if (has_controller(controllers, "memory")) {
      limit = least_limit(files.root + "/memory", path, "memory.limit_in_bytes");
    }
    if (limit) least = std::min(least.value_or(*limit), *limit);
  }
  return least;
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/process/cpus.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace dualtrace {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

// "150000 100000", or "max 100000".
std::optional<double> quota_of(const std::string& text) {
  std::istringstream words(text);
  double quota = 0;
  double period = 0;
  if (!(words >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

std::optional<double> quota_in(const std::filesystem::path& folder) {
  if (const auto quota = quota_of(read_text(folder / "cpu.max"))) return quota;
  return quota_of(read_text(folder / "cpu.cfs_quota_us") + " " +
                  read_text(folder / "cpu.cfs_period_us"));
}

// A container that sees only its own part of the tree finds its quota at the root. One that sees
// the whole tree finds it at its path, and every parent group may have a quota, too.
void take_smallest(const std::filesystem::path& root, std::filesystem::path group,
                   std::optional<double>& smallest) {
  for (;;) {
    if (const auto quota = quota_in(root / group.relative_path())) {
      smallest = std::min(smallest.value_or(*quota), *quota);
    }
    if (!group.has_relative_path()) return;
    group = group.parent_path();
  }
}

bool names_cpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

std::optional<double> cpu_quota(const std::filesystem::path& root, std::string_view groups) {
  std::optional<double> smallest;
  std::istringstream lines{std::string(groups)};
  for (std::string line; std::getline(lines, line);) {  // "0::/path" or "4:cpu,cpuacct:/path"
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      take_smallest(root, group, smallest);
    } else if (names_cpu(controllers)) {
      for (const std::string& mount : {controllers, std::string("cpu")}) {
        take_smallest(root / mount, group, smallest);
      }
    }
  }
  return smallest;
}

uint32_t usable_cpus() {
  const uint32_t cores = std::max(std::thread::hardware_concurrency(), 1U);
  const auto quota = cpu_quota("/sys/fs/cgroup", read_text("/proc/self/cgroup"));
  if (!quota || *quota >= cores) return cores;
  return std::max(static_cast<uint32_t>(*quota), 1U);
}

}  // namespace dualtrace

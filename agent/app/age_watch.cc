// SPDX-License-Identifier: Apache-2.0
#include "agent/app/age_watch.h"

namespace dualtrace::agent {
namespace {

constexpr Duration kWaits = std::chrono::hours(1);
constexpr Duration kJump = std::chrono::minutes(1);

}  // namespace

bool AgeWatch::may_go(const std::string& path) {
  const Tick now = clock_.tick();
  const WallTime wall = clock_.wall();
  const auto [entry, is_new] = old_.try_emplace(path, Old{now, wall});
  Old& old = entry->second;
  const Duration passed = now - old.since;
  // The wall clock must have advanced by as much as the monotonic one. If it jumped, the age of the
  // folder is unreliable, and the hour starts again.
  const Duration jumped = (wall - old.wall) - passed;
  if (jumped > kJump || jumped < -kJump) {
    old = {now, wall};
    return false;
  }
  return passed >= kWaits;
}

}  // namespace dualtrace::agent

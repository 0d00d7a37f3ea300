// SPDX-License-Identifier: Apache-2.0
#pragma once
// AgeWatch: decides which folders have been too old for long enough to be removed. The wall clock
// may be wrong when a node starts, and may jump later. A folder may be removed only after it has
// been too old for an hour of the monotonic clock during which the wall clock did not jump.
// Used from one thread.

#include <map>
#include <string>

#include "common/time/clock.h"

namespace dualtrace::agent {

class AgeWatch {
 public:
  // `clock` outlives it.
  explicit AgeWatch(Clock& clock) : clock_(clock) {}

  // Call it each time the folder is found to be too old. Returns whether it may be removed.
  bool may_go(const std::string& path);
  // The folder is not too old, or does not exist.
  void forget(const std::string& path) { old_.erase(path); }

 private:
  struct Old {
    Tick since;
    WallTime wall;  // at that moment
  };

  Clock& clock_;
  std::map<std::string, Old> old_;
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// AgeWatch: which folders were too old for long enough to be removed. The wall clock may be wrong
// when a node starts, and jump later: what is removed was too old for an hour by the clock that
// cannot jump, and the other one did not jump in that time.
// Used from one thread.

#include <map>
#include <string>

#include "common/time/clock.h"

namespace dualtrace::agent {

class AgeWatch {
 public:
  // `clock` outlives it.
  explicit AgeWatch(Clock& clock) : clock_(clock) {}

  // Called whenever the folder was looked at and found too old; says whether it may go.
  bool may_go(const std::string& path);
  // It is not too old, or not there.
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

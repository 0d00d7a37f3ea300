// SPDX-License-Identifier: Apache-2.0
#pragma once
// Disk: the simulated disk and its current faults: calls that fail or in which the process dies,
// and a full disk. It reports to the witness what the witness needs for its checks. Used from one
// thread.

#include <string>

#include "common/random/random.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/sim/witness.h"

namespace dualtrace::agent::sim {

// Chances in 65536, for each call of that kind.
struct DiskTrouble {
  uint32_t read_fails = 0;
  uint32_t write_fails = 0;
  uint32_t sync_fails = 0;
  uint32_t other_fails = 0;
  uint32_t dies = 0;
};

class Disk {
 public:
  explicit Disk(Random& random);
  void watch(Witness& witness, Trace& trace);

  MemoryFileSystem files;
  DiskTrouble trouble;
  bool gone = false;      // no call has an effect, because the dead process is being torn down
  uint64_t failures = 0;  // calls that failed so far

 private:
  DiskFault on_call(const DiskOperation& operation);
  DiskFault draw(DiskCall call);

  Random& random_;
  Witness* witness_ = nullptr;
  Trace* trace_ = nullptr;
};

}  // namespace dualtrace::agent::sim

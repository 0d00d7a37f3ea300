// SPDX-License-Identifier: Apache-2.0
#pragma once
// Leftovers: the data of a deleted export in a folder that a later export of the same name now
// uses: journals that no agent may deliver, and dead letters. Each one is removed when all of its
// contents are older than the maxAge of its own export.
//
// Guarantees: nothing is removed while its own agent has it locked, nor because the clock is
//   temporarily wrong (age_watch.h).
// Errors: anything that cannot be read or removed stays and is retried.
// Used from one thread.

#include <set>
#include <string>
#include <vector>

#include "agent/app/age_watch.h"
#include "agent/journal/folders.h"
#include "common/io/file_system.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// When a file in a journal folder, or in a folder of dead letters, was last written: in Unix
// seconds, 0 if the folder holds none.
Result<int64_t> last_written(FileSystem& files, const std::string& folder);
Result<int64_t> last_letter(FileSystem& files, const std::string& folder);

// Moves dead letters of another export out of the way and marks the data folder as this export's.
// Call it before the lanes are made.
Status set_aside_dead_letters(FileSystem& files, const std::string& data_folder,
                              const FolderRights& rights);

class Leftovers {
 public:
  // `files` and `clock` outlive it.
  Leftovers(FileSystem& files, Clock& clock, std::string data_folder);

  // Call it periodically with the journals that belong to other exports.
  void look_at(std::vector<ForeignFolder> journals);

 private:
  void look_at_one(const ForeignFolder& folder);
  [[nodiscard]] bool is_old(const ForeignFolder& folder) const;
  Status remove(const ForeignFolder& folder);
  [[nodiscard]] std::vector<ForeignFolder> dead_letters() const;

  FileSystem& files_;
  Clock& clock_;
  const std::string data_folder_;
  AgeWatch ages_;
  std::set<std::string> told_;  // paths already logged
};

}  // namespace dualtrace::agent

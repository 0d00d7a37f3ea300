// SPDX-License-Identifier: Apache-2.0
#pragma once
// Leftovers: what an export that is gone has left in the folder that a later one of its name has
// now: journals that nobody may deliver, and dead letters. Each is removed when all of it is older
// than its own export kept spans.
//
// Guarantees: nothing is removed that its own agent has locked, nor because the clock is wrong for
//   a while (age_watch.h).
// Errors: what cannot be read or removed stays, and is tried again.
// Used from one thread.

#include <set>
#include <string>
#include <vector>

#include "agent/app/age_watch.h"
#include "agent/journal/folders.h"
#include "common/io/file_system.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// When something in the folder of a journal, or of dead letters, was written last: in Unix seconds,
// 0 when it holds nothing.
Result<int64_t> last_written(FileSystem& files, const std::string& folder);
Result<int64_t> last_letter(FileSystem& files, const std::string& folder);

// Puts the dead letters of another export out of this one's way, and marks the data folder as this
// one's. Called before the lanes are made.
Status set_aside_dead_letters(FileSystem& files, const std::string& data_folder,
                              const FolderRights& rights);

class Leftovers {
 public:
  // `files` and `clock` outlive it.
  Leftovers(FileSystem& files, Clock& clock, std::string data_folder);

  // Called again and again with the journals that are another export's.
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
  std::set<std::string> told_;  // paths
};

}  // namespace dualtrace::agent

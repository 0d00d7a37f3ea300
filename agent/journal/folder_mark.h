// SPDX-License-Identifier: Apache-2.0
#pragma once
// FolderMark: whose spans a folder holds, in a file named `owner` in it. A later export of the same
// name, perhaps another tenant's, is another owner, and finds the folder of the first one on its
// nodes. The mark is a file and not a part of the folder's name: earlier agents do not know marks,
// and after a rollback they continue with the existing folders.
// Used from one thread.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/io/file_system.h"

namespace dualtrace::agent {

struct FolderMark {
  std::string uid;  // the export's metadata.uid
  // How long the owner keeps spans: after that, whoever finds the folder may remove it.
  std::chrono::seconds max_age{0};
  bool operator==(const FolderMark&) const = default;
};

// Whose folders an agent may adopt.
struct FolderRights {
  FolderMark mine;  // no uid: the agent has no known owner, and every folder is its own
  std::vector<std::string>
      handed_over;  // uids of other exports whose spans are to be delivered, too
};

// nullopt: the folder is not marked, as with earlier agents. kInvalid if it is not a mark.
Result<std::optional<FolderMark>> read_mark(FileSystem& files, const std::string& folder);
Status write_mark(FileSystem& files, const std::string& folder, const FolderMark& mark);

// Folders without a mark were written before marks existed: they belong to whichever agent runs
// now.
[[nodiscard]] bool may_take(const FolderRights& rights, const std::optional<FolderMark>& mark);

}  // namespace dualtrace::agent

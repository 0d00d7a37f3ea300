// SPDX-License-Identifier: Apache-2.0
#pragma once
// FolderMark: who owns the spans in a folder, stored there in a file named `owner`. A later export
// with the same name, perhaps another tenant's, is a different owner but finds the first one's
// folder on its nodes. The mark is a file rather than a part of the folder's name: earlier agents
// do not know marks, and after a rollback they continue with the existing folders.
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
  // How long the owner keeps spans. After that, any agent that finds the folder may remove it.
  std::chrono::seconds max_age{0};
  bool operator==(const FolderMark&) const = default;
};

// Which folders an agent may adopt.
struct FolderRights {
  FolderMark mine;  // no uid: the agent has no known owner, and every folder is its own
  std::vector<std::string>
      handed_over;  // uids of other exports whose spans this agent also delivers
};

// nullopt: the folder has no mark, as from earlier agents. kInvalid: the file is not a mark.
Result<std::optional<FolderMark>> read_mark(FileSystem& files, const std::string& folder);
Status write_mark(FileSystem& files, const std::string& folder, const FolderMark& mark);

// Folders without a mark were written before marks existed: they belong to whichever agent runs
// now.
[[nodiscard]] bool may_take(const FolderRights& rights, const std::optional<FolderMark>& mark);

}  // namespace dualtrace::agent

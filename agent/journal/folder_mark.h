// SPDX-License-Identifier: Apache-2.0
#pragma once
// FolderMark: whose spans a folder holds, in a file named `owner` in it. A later export of the same
// name, perhaps another tenant's, is another owner, and finds the folder of the first on its nodes.
// The mark is a file and not a part of the folder's name: agents of before know no marks, and
// after a roll-back they go on with what is there.
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
  // How long the owner keeps spans: whoever finds the folder later may let go of it then.
  std::chrono::seconds max_age{0};
  bool operator==(const FolderMark&) const = default;
};

// Whose folders an agent may take up.
struct FolderRights {
  FolderMark mine;  // no uid: nobody said whose agent it is, and every folder is its own
  std::vector<std::string> handed_over;  // uids of others whose spans are to be delivered, too
};

// nullopt: nobody has marked it, as agents of before do not. kInvalid when it is no mark.
Result<std::optional<FolderMark>> read_mark(FileSystem& files, const std::string& folder);
Status write_mark(FileSystem& files, const std::string& folder, const FolderMark& mark);

// Folders without a mark are from before there were any: they belong to whoever is there now.
[[nodiscard]] bool may_take(const FolderRights& rights, const std::optional<FolderMark>& mark);

}  // namespace dualtrace::agent

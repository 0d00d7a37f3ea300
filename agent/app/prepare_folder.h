// SPDX-License-Identifier: Apache-2.0
#pragma once
// prepare-folder: makes the agent's folder owned by the user it runs as, from an init container
// that is root with only CAP_CHOWN. With that capability alone, root can change the owner of
// another user's file, but cannot change its mode or, if it is private, read it. So it takes
// ownership of each folder first.
// The folder itself is handed over last, so its owner shows whether everything below it is done.
// Used from one thread.

#include <sys/types.h>

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::agent {

struct FolderOwner {
  uid_t user = 0;
  gid_t group = 0;
  bool operator==(const FolderOwner&) const = default;
};

// "UID:GID", both numbers.
[[nodiscard]] Result<FolderOwner> parse_owner(std::string_view text);

// Ensures that the folder exists with mode 0700 and that it and its contents belong to `owner`.
// Entries that are already correct are not touched. Refuses symbolic links, files with several hard
// links, other file systems and special files: a previous owner of the folder could have placed
// them there to get ownership of somebody else's files.
Status prepare_folder(const std::string& folder, FolderOwner owner);

}  // namespace dualtrace::agent

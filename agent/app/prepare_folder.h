// SPDX-License-Identifier: Apache-2.0
#pragma once
// prepare-folder: gives the agent's folder to the user it runs as, from an init container that is
// root with nothing but CAP_CHOWN: of a foreign file such a root may change the owner, and not the
// mode nor, if it is private, look into it. So it makes what it works on its own first.
// The folder is given away last: whose it is says whether everything below is done.
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

// The folder is there, with mode 0700, and it and all in it are the owner's. What is right is not
// touched. It refuses symbolic links, files with several names, other file systems and what is
// neither file nor folder: whoever owned the folder could have put them there to be given what is
// not theirs.
Status prepare_folder(const std::string& folder, FolderOwner owner);

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Folders: who owns which journal folder under the data folder. Each agent process owns one locked
// folder; a folder whose owner is dead is adopted: locked, drained beside one's own and removed.
//   <data folder>/journal-2-<16 hex>/{lock, owner, segment-*, cursor-*}
// A folder with the mark of another export (folder_mark.h) is nobody's to adopt: it is left alone,
// and reported, so that it can be removed when what is in it is too old to be delivered.
// The 2 is the format's version: an agent of the one before looks for journal-<16 hex>, and must
// not take up what it cannot read. Such a folder is renamed when it is locked. Used by app/, from
// one thread.

#include <memory>
#include <string>
#include <vector>

#include "agent/journal/folder_mark.h"
#include "common/error/result.h"
#include "common/io/file_system.h"

namespace dualtrace::agent {

// A locked journal folder; letting it die unlocks, and removes nothing.
struct OwnedFolder {
  std::string path;
  std::unique_ptr<FileLock> lock;
  bool is_new = false;
  bool marked = false;  // its mark is the owner's; a full disk may have kept it from being written
};

// Locks a folder for this process: one without a living owner if there is one (so that a restart
// goes on in its own), else a new one named by `unique`. One that cannot be locked for another
// reason is left for those who adopt.
Result<OwnedFolder> claim_folder(FileSystem& files, const std::string& data_folder,
                                 const FolderRights& rights, uint64_t unique);

// Writes the owner's mark unless it is there.
Status mark_folder(FileSystem& files, OwnedFolder& folder, const FolderMark& mine);

// Locks every other folder whose owner is dead. Called at start and every few seconds: during an
// upgrade the predecessor lets go of its folder while we run.
struct ForeignFolder {
  std::string path;
  FolderMark mark;
};
struct FoundFolders {
  std::vector<OwnedFolder> adopted;
  std::vector<Error> failed;  // of those that could not be locked, though nobody has them
  std::vector<ForeignFolder> foreign;
};
Result<FoundFolders> adopt_folders(FileSystem& files, const std::string& data_folder,
                                   const FolderRights& rights);

// Locks a foreign folder to remove it. kConflict while its own agent lives.
Result<OwnedFolder> lock_foreign(FileSystem& files, const ForeignFolder& folder);

// Deletes a drained folder with its files and lets the lock go last.
Status remove_folder(FileSystem& files, OwnedFolder folder);

}  // namespace dualtrace::agent

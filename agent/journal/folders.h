// SPDX-License-Identifier: Apache-2.0
#pragma once
// Folders: ownership of the journal folders under the data folder. Each agent process owns one
// locked folder. A folder whose owner is dead is adopted: locked, drained alongside the process's
// own folder, and removed.
//   <data folder>/journal-2-<16 hex>/{lock, owner, segment-*, cursor-*, note-*}
// A folder with the mark of another export (folder_mark.h) is not adopted. It is left alone and
// reported, so that it can be removed when its spans are too old to be delivered. The 2 is the
// format's version: an agent of the previous version looks for journal-<16 hex>, and must not adopt
// a folder that it cannot read. A folder with a name of that version is renamed when it is locked.
// Used by app/, from one thread.

#include <memory>
#include <string>
#include <vector>

#include "agent/journal/folder_mark.h"
#include "common/error/result.h"
#include "common/io/file_system.h"

namespace dualtrace::agent {

// A locked journal folder; destroying it unlocks the folder and removes nothing.
struct OwnedFolder {
  std::string path;
  std::unique_ptr<FileLock> lock;
  bool is_new = false;
  bool marked = false;  // it has the owner's mark; a full disk may have prevented writing it
};

// Locks a folder for this process: one whose owner is dead, if any (so that a restart continues in
// its own folder), otherwise a new one named by `unique`. A folder that cannot be locked for
// another reason is left for adoption.
Result<OwnedFolder> claim_folder(FileSystem& files, const std::string& data_folder,
                                 const FolderRights& rights, uint64_t unique);

// Writes the owner's mark unless it exists. A failure, as on a full disk, is logged. The write is
// retried when the configuration changes, and by the next agent in this folder.
void mark_folder(FileSystem& files, OwnedFolder& folder, const FolderMark& mine);

// Locks every other folder whose owner is dead. Called at start and every few seconds: during an
// upgrade, the predecessor releases its folder while this agent runs.
struct ForeignFolder {
  std::string path;
  FolderMark mark;
};
struct FoundFolders {
  std::vector<OwnedFolder> adopted;
  std::vector<Error> failed;  // for folders that could not be locked although no process holds them
  std::vector<ForeignFolder> foreign;
};
Result<FoundFolders> adopt_folders(FileSystem& files, const std::string& data_folder,
                                   const FolderRights& rights);

// Locks a foreign folder to remove it. kConflict while its own agent is alive.
Result<OwnedFolder> lock_foreign(FileSystem& files, const ForeignFolder& folder);

// Deletes a drained folder with its files; the lock is released last.
Status remove_folder(FileSystem& files, OwnedFolder folder);

}  // namespace dualtrace::agent

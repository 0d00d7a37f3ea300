// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/folders.h"

#include <utility>

#include "agent/journal/format.h"
#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

constexpr const char* kPrefix = "journal-2-";
constexpr const char* kFirstPrefix = "journal-";  // of the first version

struct Candidate {
  std::string path;
  std::string wanted_path;  // differs if it has the first version's name
};

Result<OwnedFolder> lock_folder(FileSystem& files, const std::string& data_folder,
                                const Candidate& candidate) {
  Result<std::unique_ptr<FileLock>> lock = files.try_lock(candidate.path + "/lock");
  if (!lock) return fail(std::move(lock).error());
  if (candidate.path != candidate.wanted_path) {
    Status renamed = files.rename(candidate.path, candidate.wanted_path);
    if (renamed) renamed = files.sync_folder(data_folder);
    if (!renamed) return fail(renamed.error());
  }
  return OwnedFolder{.path = candidate.wanted_path, .lock = *std::move(lock)};
}

// Reads the mark while the folder is locked, so that no other process can change it.
Result<std::optional<FolderMark>> take_mark(FileSystem& files, const FolderRights& rights,
                                            const std::string& path) {
  Result<std::optional<FolderMark>> mark = read_mark(files, path);
  if (mark && !may_take(rights, *mark)) {
    return fail(ErrorKind::kConflict, path + ": another owner took it in the meantime");
  }
  return mark;
}

// Does not even lock the folders of another owner: its own agent may be about to lock them.
Result<OwnedFolder> take_folder(FileSystem& files, const std::string& data_folder,
                                const FolderRights& rights, const Candidate& candidate) {
  Result<OwnedFolder> folder = lock_folder(files, data_folder, candidate);
  if (!folder) return folder;
  const auto mark = take_mark(files, rights, folder->path);
  if (!mark) return fail(mark.error());
  folder->marked = rights.mine.uid.empty() || *mark == rights.mine;
  mark_folder(files, *folder, rights.mine);
  return folder;
}

// Locked by another process, or removed since it was listed.
bool is_taken(const Error& error) {
  return error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kNotFound;
}

Result<std::vector<Candidate>> list_folders(FileSystem& files, const std::string& data_folder) {
  const Result<std::vector<std::string>> names = files.list(data_folder);
  if (!names) return fail(names.error());
  std::vector<Candidate> found;
  for (const std::string& name : *names) {
    auto number = number_in(name, kPrefix);
    if (!number) number = number_in(name, kFirstPrefix);
    if (!number) continue;
    found.push_back({data_folder + "/" + name, data_folder + "/" + hex_name(kPrefix, *number)});
  }
  return found;
}

}  // namespace

void mark_folder(FileSystem& files, OwnedFolder& folder, const FolderMark& mine) {
  if (folder.marked || mine.uid.empty()) return;
  const Status written = write_mark(files, folder.path, mine);
  folder.marked = written.has_value();
  if (written) return;
  log_warn("cannot mark a journal folder as this export's",
           {{"folder", folder.path}, {"error", written.error().message}});
}

Result<OwnedFolder> claim_folder(FileSystem& files, const std::string& data_folder,
                                 const FolderRights& rights, uint64_t unique) {
  if (Status made = files.make_folders(data_folder); !made) return fail(made.error());
  const Result<std::vector<Candidate>> found = list_folders(files, data_folder);
  if (!found) return fail(found.error());
  for (const Candidate& each : *found) {
    const auto mark = read_mark(files, each.path);
    if (mark && !may_take(rights, *mark)) continue;
    Result<OwnedFolder> folder =
        mark ? take_folder(files, data_folder, rights, each) : fail(mark.error());
    if (folder) return folder;
    if (!is_taken(folder.error())) {
      log_warn("cannot lock a journal folder; the agent retries later",
               {{"folder", each.path}, {"error", folder.error().message}});
    }
  }
  const std::string path = data_folder + "/" + hex_name(kPrefix, unique);
  if (Status made = files.make_folders(path); !made) return fail(made.error());
  if (Status synced = files.sync_folder(data_folder); !synced) return fail(synced.error());
  Result<OwnedFolder> folder = take_folder(files, data_folder, rights, {path, path});
  if (folder) folder->is_new = true;
  return folder;
}

Result<FoundFolders> adopt_folders(FileSystem& files, const std::string& data_folder,
                                   const FolderRights& rights) {
  const Result<std::vector<Candidate>> candidates = list_folders(files, data_folder);
  if (!candidates) return fail(candidates.error());
  FoundFolders found;
  for (const Candidate& each : *candidates) {
    const auto mark = read_mark(files, each.path);
    if (mark && !may_take(rights, *mark)) {
      found.foreign.push_back({each.path, **mark});
      continue;
    }
    Result<OwnedFolder> folder =
        mark ? take_folder(files, data_folder, rights, each) : fail(mark.error());
    if (folder) {
      found.adopted.push_back(*std::move(folder));
    } else if (!is_taken(folder.error())) {
      found.failed.push_back(folder.error().with_prefix(each.path + ": "));
    }
  }
  return found;
}

Result<OwnedFolder> lock_foreign(FileSystem& files, const ForeignFolder& folder) {
  Result<std::unique_ptr<FileLock>> lock = files.try_lock(folder.path + "/lock");
  if (!lock) return fail(std::move(lock).error());
  return OwnedFolder{.path = folder.path, .lock = *std::move(lock)};
}

Status remove_folder(FileSystem& files, OwnedFolder folder) {
  const Result<std::vector<std::string>> names = files.list(folder.path);
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (name == "lock" || name == "owner") continue;
    Status removed = files.remove(folder.path + "/" + name);
    // A recycling task that still runs may have removed it first.
    if (!removed && removed.error().kind != ErrorKind::kNotFound) return removed;
  }
  // Removed after the files that it marks, so that no other export adopts a half-removed folder.
  Status unmarked = files.remove(folder.path + "/owner");
  if (!unmarked && unmarked.error().kind != ErrorKind::kNotFound) return unmarked;
  if (Status removed = files.remove(folder.path + "/lock"); !removed) return removed;
  return files.remove(folder.path);
}

}  // namespace dualtrace::agent

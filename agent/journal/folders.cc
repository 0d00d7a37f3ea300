#include "agent/journal/folders.h"

#include <utility>

#include "agent/journal/format.h"

namespace dualtrace::agent {
namespace {

constexpr const char* kPrefix = "journal-";

Result<OwnedFolder> lock_folder(FileSystem& files, const std::string& path) {
  Result<std::unique_ptr<FileLock>> lock = files.try_lock(path + "/lock");
  if (!lock) return fail(std::move(lock).error());
  return OwnedFolder{.path = path, .lock = *std::move(lock)};
}

// Somebody else's, or removed since we listed it.
bool is_taken(const Error& error) {
  return error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kNotFound;
}

Result<std::vector<std::string>> list_folders(FileSystem& files, const std::string& data_folder) {
  Result<std::vector<std::string>> names = files.list(data_folder);
  if (!names) return names;
  std::vector<std::string> paths;
  for (const std::string& name : *names) {
    if (number_in(name, kPrefix)) paths.push_back(data_folder + "/" + name);
  }
  return paths;
}

}  // namespace

Result<OwnedFolder> claim_folder(FileSystem& files, const std::string& data_folder,
                                 uint64_t unique) {
  if (Status made = files.make_folders(data_folder); !made) return fail(made.error());
  const Result<std::vector<std::string>> paths = list_folders(files, data_folder);
  if (!paths) return fail(paths.error());
  for (const std::string& path : *paths) {
    Result<OwnedFolder> folder = lock_folder(files, path);
    if (folder || !is_taken(folder.error())) return folder;
  }
  const std::string path = data_folder + "/" + hex_name(kPrefix, unique);
  if (Status made = files.make_folders(path); !made) return fail(made.error());
  if (Status synced = files.sync_folder(data_folder); !synced) return fail(synced.error());
  return lock_folder(files, path);
}

Result<std::vector<OwnedFolder>> adopt_folders(FileSystem& files, const std::string& data_folder) {
  const Result<std::vector<std::string>> paths = list_folders(files, data_folder);
  if (!paths) return fail(paths.error());
  std::vector<OwnedFolder> adopted;
  for (const std::string& path : *paths) {
    Result<OwnedFolder> folder = lock_folder(files, path);
    if (folder) {
      adopted.push_back(*std::move(folder));
    } else if (!is_taken(folder.error())) {
      return fail(folder.error());
    }
  }
  return adopted;
}

Status remove_folder(FileSystem& files, OwnedFolder folder) {
  const Result<std::vector<std::string>> names = files.list(folder.path);
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (name == "lock") continue;
    Status removed = files.remove(folder.path + "/" + name);
    // A recycling that was under way may have been faster.
    if (!removed && removed.error().kind != ErrorKind::kNotFound) return removed;
  }
  if (Status removed = files.remove(folder.path + "/lock"); !removed) return removed;
  return files.remove(folder.path);
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/app/leftovers.h"

#include <algorithm>
#include <utility>

#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

constexpr std::string_view kDeadLetters = "dead-letters";
constexpr std::string_view kSetAside = "dead-letters-of-";
// Enough to tell two exports apart. The complete uid is not logged, because anyone who knows it can
// have these spans handed over.
constexpr size_t kUidShown = 8;

bool is_dead_letters(const std::string& path) {
  return path.substr(path.rfind('/') + 1).starts_with(kSetAside);
}

// Each lane has its own folder in it.
Status remove_dead_letters(FileSystem& files, const std::string& folder) {
  const auto lanes = files.list(folder);
  if (!lanes) return fail(lanes.error());
  for (const std::string& lane : *lanes) {
    const std::string path = folder + "/" + lane;
    if (lane == "owner") continue;
    if (const auto letters = files.list(path)) {
      for (const std::string& letter : *letters) {
        if (Status removed = files.remove(path + "/" + letter); !removed) return removed;
      }
    }
    if (Status removed = files.remove(path); !removed) return removed;
  }
  // The mark goes last: without it, a half-removed folder would never be found again.
  if (Status removed = files.remove(folder + "/owner"); !removed) return removed;
  return files.remove(folder);
}

}  // namespace

Result<int64_t> last_letter(FileSystem& files, const std::string& folder) {
  const auto lanes = files.list(folder);
  if (!lanes) return fail(lanes.error());
  int64_t newest = 0;
  for (const std::string& lane : *lanes) {
    const auto letters = files.list(folder + "/" + lane);
    if (!letters) continue;  // the mark
    for (const std::string& letter : *letters) {
      const auto written = files.modified(folder + "/" + lane + "/" + letter);
      if (!written) return written;
      newest = std::max(newest, *written);
    }
  }
  return newest;
}

Result<int64_t> last_written(FileSystem& files, const std::string& folder) {
  const auto names = files.list(folder);
  if (!names) return fail(names.error());
  int64_t newest = 0;
  for (const std::string& name : *names) {
    if (!name.starts_with("segment-") && !name.starts_with("damaged-")) continue;
    const auto written = files.modified(folder + "/" + name);
    if (!written) return written;
    newest = std::max(newest, *written);
  }
  return newest;
}

Status set_aside_dead_letters(FileSystem& files, const std::string& data_folder,
                              const FolderRights& rights) {
  if (rights.mine.uid.empty()) return {};
  const auto mark = read_mark(files, data_folder);
  if (mark && *mark == rights.mine) return {};
  if (mark && !may_take(rights, *mark)) {
    const std::string from = data_folder + "/" + std::string(kDeadLetters);
    const std::string to = data_folder + "/" + std::string(kSetAside) + (*mark)->uid;
    const auto letters = files.list(from);
    // Mark the dead letters before the rename, and the data folder last. If the agent is killed in
    // between, the next start finds the foreign mark again and repeats the step.
    if (letters && !letters->empty()) {
      if (Status marked = write_mark(files, from, **mark); !marked) return marked;
      if (Status renamed = files.rename(from, to); !renamed) return renamed;
    }
  }
  return write_mark(files, data_folder, rights.mine);
}

Leftovers::Leftovers(FileSystem& files, Clock& clock, std::string data_folder)
    : files_(files), clock_(clock), data_folder_(std::move(data_folder)), ages_(clock) {}

void Leftovers::look_at(std::vector<ForeignFolder> journals) {
  for (ForeignFolder& letters : dead_letters()) journals.push_back(std::move(letters));
  for (const ForeignFolder& folder : journals) look_at_one(folder);
}

std::vector<ForeignFolder> Leftovers::dead_letters() const {
  std::vector<ForeignFolder> found;
  const auto names = files_.list(data_folder_);
  if (!names) return found;
  for (const std::string& name : *names) {
    if (!name.starts_with(kSetAside)) continue;
    const std::string path = data_folder_ + "/" + name;
    const auto mark = read_mark(files_, path);
    if (mark && *mark) found.push_back({path, **mark});
  }
  return found;
}

void Leftovers::look_at_one(const ForeignFolder& folder) {
  if (told_.insert(folder.path).second) {
    log_info("a deleted export of the same name has left spans; they are not delivered",
             {{"folder", folder.path},
              {"uid_begins", folder.mark.uid.substr(0, kUidShown)},
              {"kept_seconds", folder.mark.max_age.count()}});
  }
  if (!is_old(folder)) return ages_.forget(folder.path);
  if (!ages_.may_go(folder.path)) return;
  const Status removed = remove(folder);
  ages_.forget(folder.path);
  if (removed) {
    log_warn("removed data of a deleted export: it is older than the export's maxAge",
             {{"folder", folder.path}, {"uid_begins", folder.mark.uid.substr(0, kUidShown)}});
  } else if (removed.error().kind != ErrorKind::kConflict) {
    log_warn("cannot remove data of a deleted export",
             {{"folder", folder.path}, {"error", removed.error().message}});
  }
}

bool Leftovers::is_old(const ForeignFolder& folder) const {
  const auto written = is_dead_letters(folder.path) ? last_letter(files_, folder.path)
                                                    : last_written(files_, folder.path);
  if (!written) return false;
  const WallTime last = from_unix_nanos(0) + std::chrono::seconds(*written);
  return clock_.wall() - last > folder.mark.max_age;
}

// Check again under the lock: the folder's own agent may have returned and be about to write.
Status Leftovers::remove(const ForeignFolder& folder) {
  if (is_dead_letters(folder.path)) return remove_dead_letters(files_, folder.path);
  Result<OwnedFolder> locked = lock_foreign(files_, folder);
  if (!locked) return fail(locked.error());
  const auto mark = read_mark(files_, folder.path);
  if (!mark) return fail(mark.error());
  if (*mark != folder.mark || !is_old(folder)) {
    return fail(ErrorKind::kConflict, folder.path + ": has changed in the meantime");
  }
  return remove_folder(files_, *std::move(locked));
}

}  // namespace dualtrace::agent

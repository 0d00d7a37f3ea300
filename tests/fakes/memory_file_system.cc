// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/memory_file_system.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dualtrace {
namespace {

constexpr uint64_t kSectorBytes = 512;

std::string_view folder_of(std::string_view path) { return path.substr(0, path.rfind('/')); }

Failure missing(const std::string& path) {
  return fail(ErrorKind::kNotFound, path + ": no such file or folder");
}
Failure io_error(const std::string& what) {
  return fail(ErrorKind::kInternal, what + ": input/output error");
}
Failure unreadable(const std::string& what) {
  return fail(ErrorKind::kCorrupt, what + ": input/output error");
}
Failure disk_full() { return fail(ErrorKind::kExhausted, "no space left on the disk"); }

// After the call, if the process is to die there.
Status end(const DiskFault& fault, Status status) {
  if (fault.kind == DiskFault::Kind::kDiesAfter) throw ProcessDied();
  return status;
}

bool is_error(const DiskFault& fault) {
  return fault.kind == DiskFault::Kind::kFails || fault.kind == DiskFault::Kind::kGone;
}

}  // namespace

class MemoryFile final : public File {
 public:
  MemoryFile(MemoryFileSystem& files, std::string path,
             std::shared_ptr<MemoryFileSystem::Inode> inode, uint64_t crashes)
      : files_(files), path_(std::move(path)), inode_(std::move(inode)), crashes_(crashes) {}

  Result<size_t> read_at(uint64_t offset, std::span<char> into) override {
    Lock lock(files_.mutex_);
    if (stale()) return io_error("read");
    const DiskFault fault = files_.begin({DiskCall::kRead, path_, offset, into.size()});
    if (fault.kind == DiskFault::Kind::kGone) return io_error("read");
    if (is_error(fault)) return unreadable("read");
    if (offset >= inode_->now.size()) return size_t{0};
    const size_t n = std::min<size_t>(into.size(), inode_->now.size() - offset);
    std::memcpy(into.data(), inode_->now.data() + offset, n);
    files_.bytes_read_ += n;
    return n;
  }
  Status write_at(uint64_t offset, std::span<const std::string_view> pieces) override {
    Lock lock(files_.mutex_);
    if (stale()) return io_error("write");
    const DiskFault fault = files_.begin({DiskCall::kWrite, path_});
    if (fault.kind == DiskFault::Kind::kGone) return io_error("write");
    std::string bytes;
    for (const std::string_view piece : pieces) bytes += piece;
    if (fault.kind != DiskFault::Kind::kNone) bytes.resize(bytes.size() * fault.percent / 100);
    files_.bytes_written_ += bytes.size();
    Status written = files_.write(*inode_, offset, std::move(bytes));
    return end(fault, is_error(fault) ? Status(io_error("write")) : std::move(written));
  }
  Status sync() override {
    Lock lock(files_.mutex_);
    if (stale()) return io_error("sync");
    const DiskFault fault = files_.begin({DiskCall::kSync, path_});
    if (fault.kind == DiskFault::Kind::kGone) return io_error("sync");
    if (is_error(fault)) {
      files_.fail_sync(*inode_);
      return io_error("sync");
    }
    for (const auto& write : inode_->unsynced) {
      MemoryFileSystem::apply(inode_->synced, write.offset, write.bytes);
    }
    inode_->unsynced.clear();
    inode_->synced.resize(std::max(inode_->synced.size(), inode_->now.size()), '\0');
    return end(fault, {});
  }
  Status allocate(uint64_t size) override {
    Lock lock(files_.mutex_);
    if (stale()) return io_error("allocate");
    const DiskFault fault = files_.begin({DiskCall::kAllocate, path_});
    if (is_error(fault)) return io_error("allocate");
    if (size <= inode_->now.size()) return end(fault, {});
    const uint64_t more = size - inode_->now.size();
    if (files_.bytes_max && files_.used() + more > *files_.bytes_max) return disk_full();
    inode_->now.resize(size, '\0');
    return end(fault, {});
  }
  Result<uint64_t> size() override {
    Lock lock(files_.mutex_);
    return inode_->now.size();
  }

 private:
  bool stale() const DT_REQUIRES(files_.mutex_) { return files_.crashes_ != crashes_; }

  MemoryFileSystem& files_;
  const std::string path_;
  const std::shared_ptr<MemoryFileSystem::Inode> inode_;
  const uint64_t crashes_;
};

namespace {

class MemoryLock final : public FileLock {
 public:
  explicit MemoryLock(std::function<void()> unlock) : unlock_(std::move(unlock)) {}
  ~MemoryLock() override { unlock_(); }

 private:
  const std::function<void()> unlock_;
};

}  // namespace

Result<std::unique_ptr<File>> MemoryFileSystem::open(const std::string& path, OpenMode mode) {
  Lock lock(mutex_);
  const DiskFault fault = begin({DiskCall::kOpen, path});
  if (open_failure) return fail(*open_failure, "open " + path + ": told to fail");
  if (is_error(fault)) return io_error("open " + path);
  auto entry = entries_.find(path);
  if (entry == entries_.end()) {
    const auto folder = entries_.find(std::string(folder_of(path)));
    if (mode != OpenMode::kCreate || folder == entries_.end()) return missing(path);
    change({.removed = {}, .added = path, .inode = std::make_shared<Inode>()});
    entry = entries_.find(path);
  }
  if (Status ended = end(fault, {}); !ended) return fail(ended.error());
  return std::make_unique<MemoryFile>(*this, path, entry->second, crashes_);
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::string& folder) {
  Lock lock(mutex_);
  if (is_error(begin({DiskCall::kList, folder}))) return io_error("list " + folder);
  if (!entries_.contains(folder)) return missing(folder);
  return names_in(folder);
}

// New folders are durable immediately; crashes affect only their content.
Status MemoryFileSystem::make_folders(const std::string& path) {
  Lock lock(mutex_);
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    entries_.emplace(path.substr(0, end), nullptr);
    synced_entries_.emplace(path.substr(0, end), nullptr);
    if (end == std::string::npos) return {};
  }
}

Status MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  Lock lock(mutex_);
  const DiskFault fault = begin({DiskCall::kRename, to});
  if (is_error(fault)) return io_error("rename " + from);
  const auto entry = entries_.find(from);
  if (entry == entries_.end()) return missing(from);
  std::vector<std::string> inside;
  for (auto one = entries_.lower_bound(from + "/");
       one != entries_.end() && one->first.starts_with(from + "/"); ++one) {
    inside.push_back(one->first);
  }
  change({.removed = from, .added = to, .inode = entry->second});
  for (const std::string& path : inside) {
    change({.removed = path, .added = to + path.substr(from.size()), .inode = entries_.at(path)});
  }
  return end(fault, {});
}

Status MemoryFileSystem::remove(const std::string& path) {
  Lock lock(mutex_);
  const DiskFault fault = begin({DiskCall::kRemove, path});
  if (is_error(fault)) return io_error("remove " + path);
  const auto entry = entries_.find(path);
  if (entry == entries_.end()) return missing(path);
  const auto inside = entries_.lower_bound(path + "/");
  const bool folder = entry->second == nullptr;
  if (folder && inside != entries_.end() && inside->first.starts_with(path + "/")) {
    return fail(ErrorKind::kConflict, path + ": folder is not empty");
  }
  change({.removed = path, .added = {}, .inode = nullptr});
  return end(fault, {});
}

Status MemoryFileSystem::sync_folder(const std::string& path) {
  Lock lock(mutex_);
  const DiskFault fault = begin({DiskCall::kSyncFolder, path});
  if (is_error(fault)) return io_error("sync " + path);
  std::vector<Change> elsewhere;
  for (Change& change : unsynced_changes_) {
    if (folder_of(change.removed) == path || folder_of(change.added) == path) {
      apply(synced_entries_, change);
    } else {
      elsewhere.push_back(std::move(change));
    }
  }
  unsynced_changes_ = std::move(elsewhere);
  return end(fault, {});
}

Result<int64_t> MemoryFileSystem::modified(const std::string& path) {
  Lock lock(mutex_);
  const auto entry = entries_.find(path);
  if (entry == entries_.end()) return missing(path);
  return entry->second ? entry->second->modified : 0;
}

Result<DiskSpace> MemoryFileSystem::space(const std::string& folder) {
  constexpr uint64_t kRoomy = 1ULL << 50;
  Lock lock(mutex_);
  if (!tells_space) return fail(ErrorKind::kInternal, "statvfs " + folder + ": not supported");
  const uint64_t bytes = bytes_max.value_or(kRoomy);
  return DiskSpace{.bytes = bytes, .available = bytes - std::min(bytes, used())};
}

Result<std::string> MemoryFileSystem::identity(const std::string& folder) {
  Lock lock(mutex_);
  if (!entries_.contains(folder)) return missing(folder);
  return "memory:" + folder;
}

Result<std::unique_ptr<FileLock>> MemoryFileSystem::try_lock(const std::string& path) {
  Result<std::unique_ptr<File>> file = open(path, OpenMode::kCreate);
  if (!file) return fail(std::move(file).error());
  Lock lock(mutex_);
  if (std::exchange(locked_[path], true)) return fail(ErrorKind::kConflict, path + ": locked");
  return std::make_unique<MemoryLock>([this, path, crashes = crashes_] {
    Lock unlocking(mutex_);
    if (crashes == crashes_) locked_.erase(path);
  });
}

void MemoryFileSystem::crash() { crash_with(nullptr); }
void MemoryFileSystem::crash_torn(Random& random) { crash_with(&random); }

void MemoryFileSystem::crash_with(Random* random) {
  Lock lock(mutex_);
  ++crashes_;
  const size_t kept = random == nullptr ? 0 : random->below(unsynced_changes_.size() + 1);
  for (size_t i = 0; i < kept; ++i) apply(synced_entries_, unsynced_changes_[i]);
  unsynced_changes_.clear();
  entries_ = synced_entries_;
  locked_.clear();
  for (auto& [path, inode] : entries_) {
    if (!inode) continue;
    for (const Write& write : inode->unsynced) {
      if (random != nullptr) reach_disk(*inode, write, *random);
    }
    inode->unsynced.clear();
    inode->now = inode->synced;
  }
}

void MemoryFileSystem::flip(const std::string& path, uint64_t offset) {
  Lock lock(mutex_);
  Inode& inode = *entries_.at(path);
  for (std::string* bytes : {&inode.now, &inode.synced}) {
    if (offset < bytes->size()) bytes->at(offset) = static_cast<char>(bytes->at(offset) ^ 0x20);
  }
}

bool MemoryFileSystem::exists(const std::string& path) {
  Lock lock(mutex_);
  return entries_.contains(path);
}

std::vector<std::string> MemoryFileSystem::names(const std::string& folder) {
  Lock lock(mutex_);
  return names_in(folder);
}

std::string MemoryFileSystem::content(const std::string& path) {
  Lock lock(mutex_);
  const auto entry = entries_.find(path);
  return entry == entries_.end() || !entry->second ? "" : entry->second->now;
}

std::string MemoryFileSystem::durable_content(const std::string& path) {
  Lock lock(mutex_);
  const auto entry = synced_entries_.find(path);
  return entry == synced_entries_.end() || !entry->second ? "" : entry->second->synced;
}

uint64_t MemoryFileSystem::bytes_used() {
  Lock lock(mutex_);
  return used();
}

uint64_t MemoryFileSystem::bytes_written() {
  Lock lock(mutex_);
  return bytes_written_;
}

uint64_t MemoryFileSystem::bytes_read() {
  Lock lock(mutex_);
  return bytes_read_;
}

void MemoryFileSystem::apply(std::string& content, uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size(), '\0');
  content.replace(offset, bytes.size(), bytes);
}

void MemoryFileSystem::apply(Entries& entries, const Change& change) {
  if (!change.removed.empty()) entries.erase(change.removed);
  if (!change.added.empty()) entries.insert_or_assign(change.added, change.inode);
}

// Each sector is written completely or not at all; which ones reached the disk is random.
void MemoryFileSystem::reach_disk(Inode& inode, const Write& write, Random& random) {
  const std::string_view bytes = write.bytes;
  switch (random.below(4)) {
    case 0:
      break;
    case 1:
      apply(inode.synced, write.offset, bytes);
      break;
    case 2:
      apply(inode.synced, write.offset, bytes.substr(0, random.below(bytes.size() + 1)));
      break;
    default:
      for (size_t begin = 0; begin < bytes.size();) {
        const size_t size = kSectorBytes - (write.offset + begin) % kSectorBytes;
        if (random.below(2) == 0) {
          apply(inode.synced, write.offset + begin, bytes.substr(begin, size));
        }
        begin += size;
      }
  }
}

void MemoryFileSystem::fail_sync(Inode& inode) {
  if (failed_syncs != nullptr) {
    for (const Write& write : inode.unsynced) reach_disk(inode, write, *failed_syncs);
    if (failed_syncs->below(2) == 0) {
      const size_t size = inode.now.size();
      inode.now = inode.synced;
      inode.now.resize(size, '\0');
    }
  }
  inode.unsynced.clear();
}

bool MemoryFileSystem::fails(int& countdown, bool failing_on) {
  if (countdown == 0 || --countdown > 0) return false;
  if (failing_on) countdown = 1;
  return true;
}

DiskFault MemoryFileSystem::begin(const DiskOperation& operation) {
  const DiskCall call = operation.call;
  if (call == DiskCall::kRead && fails(fail_read_in, failing_on)) {
    return {.kind = DiskFault::Kind::kFails};
  }
  if (call == DiskCall::kWrite && fails(fail_write_in, failing_on)) {
    return {.kind = DiskFault::Kind::kFails, .percent = 50};
  }
  const bool is_sync = call == DiskCall::kSync || call == DiskCall::kSyncFolder;
  if (is_sync && fails(fail_sync_in, failing_on)) return {.kind = DiskFault::Kind::kFails};
  const DiskFault fault = on_call ? on_call(operation) : DiskFault();
  if (fault.kind == DiskFault::Kind::kDies) throw ProcessDied();
  return fault;
}

void MemoryFileSystem::change(Change change) {
  apply(entries_, change);
  unsynced_changes_.push_back(std::move(change));
}

std::vector<std::string> MemoryFileSystem::names_in(const std::string& folder) const {
  std::vector<std::string> names;
  const std::string prefix = folder + "/";
  for (auto entry = entries_.lower_bound(prefix);
       entry != entries_.end() && entry->first.starts_with(prefix); ++entry) {
    if (folder_of(entry->first) == folder) names.push_back(entry->first.substr(prefix.size()));
  }
  return names;
}

uint64_t MemoryFileSystem::used() const {
  uint64_t sum = 0;
  for (const auto& [path, inode] : entries_) sum += inode ? inode->now.size() : 0;
  return sum;
}

Status MemoryFileSystem::write(Inode& inode, uint64_t offset, std::string bytes) {
  const uint64_t end = offset + bytes.size();
  const uint64_t more = end > inode.now.size() ? end - inode.now.size() : 0;
  if (more > 0 && bytes_max && used() + more > *bytes_max) return disk_full();
  apply(inode.now, offset, bytes);
  inode.modified = unix_seconds;
  inode.unsynced.push_back({.offset = offset, .bytes = std::move(bytes)});
  return {};
}

}  // namespace dualtrace

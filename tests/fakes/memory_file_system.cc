#include "tests/fakes/memory_file_system.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

namespace dualtrace {
namespace {

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

Failure missing(const std::string& path) {
  return fail(ErrorKind::kNotFound, path + ": no such file or folder");
}
Failure io_error(const std::string& what) {
  return fail(ErrorKind::kInternal, what + ": input/output error");
}
Failure disk_full() { return fail(ErrorKind::kExhausted, "no space left on the disk"); }

}  // namespace

class MemoryFile final : public File {
 public:
  MemoryFile(MemoryFileSystem& files, std::shared_ptr<MemoryFileSystem::Inode> inode,
             uint64_t crashes)
      : files_(files), inode_(std::move(inode)), crashes_(crashes) {}

  Result<size_t> read_at(uint64_t offset, std::span<char> into) override {
    Lock lock(files_.mutex_);
    if (stale() || files_.fails(files_.fail_read_in)) return io_error("read");
    if (offset >= inode_->now.size()) return size_t{0};
    const size_t n = std::min<size_t>(into.size(), inode_->now.size() - offset);
    std::memcpy(into.data(), inode_->now.data() + offset, n);
    files_.bytes_read_ += n;
    return n;
  }
  Status write_at(uint64_t offset, std::span<const std::string_view> pieces) override {
    std::string bytes;
    for (const std::string_view piece : pieces) bytes += piece;
    Lock lock(files_.mutex_);
    if (stale()) return io_error("write");
    if (files_.fails(files_.fail_write_in)) {
      ignore(files_.write(*inode_, offset, bytes.substr(0, bytes.size() / 2)), "it fails anyway");
      return io_error("write");
    }
    return files_.write(*inode_, offset, bytes);
  }
  Status sync() override {
    Lock lock(files_.mutex_);
    if (stale()) return io_error("sync");
    const bool fails = files_.fails(files_.fail_sync_in);
    for (const auto& write : inode_->unsynced) {
      if (!fails) MemoryFileSystem::apply(inode_->synced, write.offset, write.bytes);
    }
    inode_->unsynced.clear();
    if (fails) return io_error("sync");
    inode_->synced.resize(std::max(inode_->synced.size(), inode_->now.size()), '\0');
    return {};
  }
  Status allocate(uint64_t size) override {
    Lock lock(files_.mutex_);
    if (stale()) return io_error("allocate");
    if (size <= inode_->now.size()) return {};
    const uint64_t more = size - inode_->now.size();
    if (files_.bytes_max && files_.used() + more > *files_.bytes_max) return disk_full();
    inode_->now.resize(size, '\0');
    return {};
  }
  Result<uint64_t> size() override {
    Lock lock(files_.mutex_);
    return inode_->now.size();
  }

 private:
  bool stale() const DT_REQUIRES(files_.mutex_) { return files_.crashes_ != crashes_; }

  MemoryFileSystem& files_;
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
  auto entry = entries_.find(path);
  if (entry == entries_.end()) {
    const auto folder = entries_.find(folder_of(path));
    if (mode != OpenMode::kCreate || folder == entries_.end()) return missing(path);
    entry = entries_.emplace(path, std::make_shared<Inode>()).first;
  }
  return std::make_unique<MemoryFile>(*this, entry->second, crashes_);
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::string& folder) {
  Lock lock(mutex_);
  if (!entries_.contains(folder)) return missing(folder);
  std::vector<std::string> names;
  for (const auto& [path, inode] : entries_) {
    if (path != folder && folder_of(path) == folder)
      names.push_back(path.substr(folder.size() + 1));
  }
  return names;
}

// Folders are durable at once; only the journal's files are what crashes are about.
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
  auto entry = entries_.extract(from);
  if (entry.empty()) return missing(from);
  entries_.insert_or_assign(to, entry.mapped());
  return {};
}

Status MemoryFileSystem::remove(const std::string& path) {
  Lock lock(mutex_);
  const auto entry = entries_.find(path);
  if (entry == entries_.end()) return missing(path);
  const bool folder = entry->second == nullptr;
  for (const auto& [other, inode] : entries_) {
    if (folder && other != path && folder_of(other) == path) {
      return fail(ErrorKind::kConflict, path + ": folder is not empty");
    }
  }
  entries_.erase(entry);
  if (folder) synced_entries_.erase(path);
  return {};
}

Status MemoryFileSystem::sync_folder(const std::string& path) {
  Lock lock(mutex_);
  if (fails(fail_sync_in)) return io_error("sync " + path);
  const auto inside = [&path](const auto& entry) {
    return entry.second != nullptr && folder_of(entry.first) == path;
  };
  std::erase_if(synced_entries_, inside);
  for (const auto& entry : entries_) {
    if (inside(entry)) synced_entries_.insert(entry);
  }
  return {};
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
  entries_ = synced_entries_;
  locked_.clear();
  for (auto& [path, inode] : entries_) {
    if (!inode) continue;
    for (const Write& write : inode->unsynced) {
      if (random == nullptr || random->below(3) == 0) continue;
      const bool whole = random->below(2) == 0;
      const size_t end = whole ? write.bytes.size() : random->below(write.bytes.size() + 1);
      const size_t begin = random->below(4) == 0 ? random->below(end + 1) : 0;
      apply(inode->synced, write.offset + begin,
            std::string_view(write.bytes).substr(begin, end - begin));
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

std::string MemoryFileSystem::content(const std::string& path) {
  Lock lock(mutex_);
  const auto entry = entries_.find(path);
  return entry == entries_.end() || !entry->second ? "" : entry->second->now;
}

uint64_t MemoryFileSystem::bytes_used() {
  Lock lock(mutex_);
  return used();
}

uint64_t MemoryFileSystem::bytes_read() {
  Lock lock(mutex_);
  return bytes_read_;
}

void MemoryFileSystem::apply(std::string& content, uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size(), '\0');
  content.replace(offset, bytes.size(), bytes);
}

bool MemoryFileSystem::fails(int& countdown) {
  if (countdown == 0 || --countdown > 0) return false;
  if (failing_on) countdown = 1;
  return true;
}

uint64_t MemoryFileSystem::used() const {
  uint64_t sum = 0;
  for (const auto& [path, inode] : entries_) sum += inode ? inode->now.size() : 0;
  return sum;
}

Status MemoryFileSystem::write(Inode& inode, uint64_t offset, std::string_view bytes) {
  const uint64_t end = offset + bytes.size();
  const uint64_t more = end > inode.now.size() ? end - inode.now.size() : 0;
  if (more > 0 && bytes_max && used() + more > *bytes_max) return disk_full();
  apply(inode.now, offset, bytes);
  inode.unsynced.push_back({.offset = offset, .bytes = std::string(bytes)});
  return {};
}

}  // namespace dualtrace

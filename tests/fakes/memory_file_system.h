#pragma once
// MemoryFileSystem: a disk in memory that behaves as badly as a real one may: crash() drops what
// was not synced, contents and folder entries alike, and can tear the last writes; it fills up,
// fails calls and rots. Locks belong to their FileLock and go with it. Thread-safe but for its
// public fields, which are set while nobody else uses it.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/io/file_system.h"
#include "common/random/random.h"
#include "common/sync/mutex.h"

namespace dualtrace {

class MemoryFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Status make_folders(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_folder(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> try_lock(const std::string& path) override;

  // Power loss: everything is as it was last synced. Files opened before do not work any more.
  void crash();
  // The same, but each write since the last sync may have reached the disk, wholly or up to any
  // byte.
  void crash_torn(Random& random);
  void flip(const std::string& path, uint64_t offset);

  [[nodiscard]] bool exists(const std::string& path);
  [[nodiscard]] std::string content(const std::string& path);  // "" when missing
  [[nodiscard]] uint64_t bytes_used();                         // sizes of all files
  [[nodiscard]] uint64_t bytes_read();

  std::optional<uint64_t> bytes_max;  // kExhausted beyond
  // The n-th such call from now fails (1 is the next one), and those after it while `failing_on`.
  int fail_read_in = 0;
  int fail_write_in = 0;  // half of what it should write is written
  int fail_sync_in = 0;   // what it should have synced never reaches the disk
  bool failing_on = false;

 private:
  friend class MemoryFile;
  struct Write {
    uint64_t offset = 0;
    std::string bytes;
  };
  struct Inode {
    std::string now;
    std::string synced;
    std::vector<Write> unsynced;
  };
  using Entries = std::map<std::string, std::shared_ptr<Inode>>;

  static void apply(std::string& content, uint64_t offset, std::string_view bytes);
  bool fails(int& countdown) DT_REQUIRES(mutex_);
  [[nodiscard]] uint64_t used() const DT_REQUIRES(mutex_);
  Status write(Inode& inode, uint64_t offset, std::string_view bytes) DT_REQUIRES(mutex_);
  void crash_with(Random* random);

  Mutex mutex_;
  Entries entries_ DT_GUARDED_BY(mutex_);  // by path; folders have no inode
  Entries synced_entries_ DT_GUARDED_BY(mutex_);
  std::map<std::string, bool> locked_ DT_GUARDED_BY(mutex_);
  uint64_t crashes_ DT_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_read_ DT_GUARDED_BY(mutex_) = 0;
};

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// MemoryFileSystem: a disk in memory that behaves as badly as a real one can: crash() drops what
// was not synced, both contents and folder entries, and can tear and reorder the last writes. It
// can fill up, fail calls, corrupt data, and let the process die within a call. Locks belong to
// their FileLock and end with it. Thread-safe, except for its public fields, which must be set
// while nothing else uses it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/io/file_system.h"
#include "common/random/random.h"
#include "common/sync/mutex.h"

namespace dualtrace {

enum class DiskCall {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kAllocate,
  kList,
  kRename,
  kRemove,
  kSyncFolder
};

struct DiskOperation {
  DiskCall call;
  const std::string& path;
  uint64_t offset = 0;  // kRead
  uint64_t bytes = 0;   // kRead
};

struct DiskFault {
  enum class Kind {
    kNone,
    kFails,      // an I/O error; a write still writes `percent` of its bytes
    kDies,       // the process dies before the call…
    kDiesAfter,  // …after it, or during a write, of which `percent` is done
    kGone,       // the process is already dead: an error without any effect
  };
  Kind kind = Kind::kNone;
  uint32_t percent = 100;
};

// Thrown out of the call in which the process dies. The process's memory is lost as this unwinds;
// the disk keeps its state.
struct ProcessDied {};

class MemoryFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Status make_folders(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_folder(const std::string& path) override;
  Result<int64_t> modified(const std::string& path) override;
  Result<DiskSpace> space(const std::string& folder) override;
  Result<std::string> identity(const std::string& folder) override;
  Result<std::unique_ptr<FileLock>> try_lock(const std::string& path) override;

  // Power loss: everything reverts to the last sync. Files that were opened earlier stop working.
  void crash();
  // The same, but any write since the last sync may have reached the disk completely, up to some
  // byte or in some of its sectors; and so may a prefix of the changes to folders.
  void crash_torn(Random& random);
  void flip(const std::string& path, uint64_t offset);

  // Inspection that never triggers a fault.
  [[nodiscard]] bool exists(const std::string& path);
  [[nodiscard]] std::vector<std::string> names(const std::string& folder);
  [[nodiscard]] std::string content(const std::string& path);  // "" if it does not exist
  // The content after a power loss; "" if the file would not exist.
  [[nodiscard]] std::string durable_content(const std::string& path);
  [[nodiscard]] uint64_t bytes_used();  // sizes of all files
  [[nodiscard]] uint64_t bytes_read();
  [[nodiscard]] uint64_t bytes_written();

  std::optional<uint64_t> bytes_max;  // kExhausted above this
  bool tells_space = true;            // whether space() works
  int64_t unix_seconds = 0;           // the current time, for modified()
  // The n-th such call fails (1 is the next one), and later ones, too, while `failing_on`.
  int fail_read_in = 0;
  int fail_write_in = 0;  // half of its bytes are written
  int fail_sync_in = 0;   // the data never reaches the disk
  bool failing_on = false;
  std::optional<ErrorKind> open_failure;  // applies to each open
  // Called before each call, under the lock. It must not call the file system.
  std::function<DiskFault(const DiskOperation&)> on_call;
  // If set, a failed sync has written some of its data, as if torn, and the page cache may have
  // lost the rest, so that reads return the old bytes.
  Random* failed_syncs = nullptr;

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
    int64_t modified = 0;
  };
  using Entries = std::map<std::string, std::shared_ptr<Inode>>;
  // One step in a folder that is not synced yet; a rename has both paths.
  struct Change {
    std::string removed;
    std::string added;
    std::shared_ptr<Inode> inode;
  };

  static void apply(std::string& content, uint64_t offset, std::string_view bytes);
  static void apply(Entries& entries, const Change& change);
  static void reach_disk(Inode& inode, const Write& write, Random& random);
  static bool fails(int& countdown, bool failing_on);
  // The fate of this call. Throws ProcessDied if the process dies before it.
  DiskFault begin(const DiskOperation& operation) DT_REQUIRES(mutex_);
  void change(Change change) DT_REQUIRES(mutex_);
  [[nodiscard]] std::vector<std::string> names_in(const std::string& folder) const
      DT_REQUIRES(mutex_);
  [[nodiscard]] uint64_t used() const DT_REQUIRES(mutex_);
  Status write(Inode& inode, uint64_t offset, std::string bytes) DT_REQUIRES(mutex_);
  void fail_sync(Inode& inode) DT_REQUIRES(mutex_);
  void crash_with(Random* random);

  Mutex mutex_;
  Entries entries_ DT_GUARDED_BY(mutex_);  // by path; folders have no inode
  Entries synced_entries_ DT_GUARDED_BY(mutex_);
  std::vector<Change> unsynced_changes_ DT_GUARDED_BY(mutex_);
  std::map<std::string, bool> locked_ DT_GUARDED_BY(mutex_);
  uint64_t crashes_ DT_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_read_ DT_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_written_ DT_GUARDED_BY(mutex_) = 0;
};

}  // namespace dualtrace

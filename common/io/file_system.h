// SPDX-License-Identifier: Apache-2.0
#pragma once
// FileSystem: all disk operations that we use, behind one object. The journal and the credentials
// use it. PosixFileSystem is the real one; tests/fakes has one in memory that forgets what was not
// synced, tears writes and fills up. FileSystem is thread-safe; a File is used from one thread at a
// time unless its user documents otherwise.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"

namespace dualtrace {

class File {
 public:
  virtual ~File() = default;
  // Reads at most into.size() bytes; fewer only at the end of the file. kCorrupt only if the disk
  // fails to read existing data.
  virtual Result<size_t> read_at(uint64_t offset, std::span<char> into) = 0;
  // Writes all pieces in sequence, or fails; after a failure, any part may be on disk. kExhausted
  // if the disk is full.
  virtual Status write_at(uint64_t offset, std::span<const std::string_view> pieces) = 0;
  // fdatasync. After a failure, the state of all writes since the last success is unknown.
  virtual Status sync() = 0;
  // Reserves disk space for [0, size), so that writes there cannot fail with a full disk.
  // kExhausted if full.
  virtual Status allocate(uint64_t size) = 0;
  virtual Result<uint64_t> size() = 0;
};

// Held as long as the object lives; the system releases it when the process exits.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// The disk that a folder is on, as the kubelet counts it: `available` is what unprivileged
// processes can still write.
struct DiskSpace {
  uint64_t bytes = 0;
  uint64_t available = 0;
};

enum class OpenMode { kRead, kReadWrite, kCreate };  // kCreate: read and write, created if missing

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // kNotFound; kDenied; kUnavailable if the system lacks descriptors or memory; kInternal.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Names (not paths) of the entries, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  virtual Status make_folders(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;  // atomic, replaces
  virtual Status remove(const std::string& path) = 0;  // a file or an empty folder
  // Makes creations, renames and removals in the folder durable.
  virtual Status sync_folder(const std::string& path) = 0;
  // When the file was last written, in Unix seconds.
  virtual Result<int64_t> modified(const std::string& path) = 0;
  // kInternal for a file system that does not report it.
  virtual Result<DiskSpace> space(const std::string& folder) = 0;
  // Which folder this is. It stays the same across restarts and reboots; a folder that was created
  // again has another one, even under the same path. kInternal for a file system that does not
  // record when folders were created.
  virtual Result<std::string> identity(const std::string& folder) = 0;
  // Creates the file if missing. kConflict if another process (or File) holds it.
  virtual Result<std::unique_ptr<FileLock>> try_lock(const std::string& path) = 0;
};

// Whole small files. read_file: kExhausted if the file is larger than bytes_max.
Result<std::string> read_file(FileSystem& files, const std::string& path, size_t bytes_max);
// Writes to a temporary name, syncs, renames and syncs the folder, so that after a crash the file
// has either the old or the new content.
Status write_file(FileSystem& files, const std::string& path, std::string_view content);

}  // namespace dualtrace

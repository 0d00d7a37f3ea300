// SPDX-License-Identifier: Apache-2.0
#pragma once
// PosixFileSystem: the FileSystem of the real disk, by system calls. Both programs use it;
// most tests use the one in memory.
// Thread-safe.

#include "common/io/file_system.h"

namespace dualtrace {

class PosixFileSystem final : public FileSystem {
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
};

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/io/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <system_error>
#include <utility>

#include "common/io/unique_fd.h"

namespace dualtrace {
namespace {

ErrorKind kind_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorKind::kExhausted;
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
    case EWOULDBLOCK:
      return ErrorKind::kConflict;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorKind::kUnavailable;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::kDenied;
    default:
      return ErrorKind::kInternal;
  }
}

Failure failure(const char* call, const std::string& path, int error) {
  return fail(kind_of(error),
              std::string(call) + " " + path + ": " + std::generic_category().message(error));
}

// Distinguishes errors of the stored data from a lack of system resources.
Failure read_failure(const std::string& path, int error) {
  Failure result = failure("read", path, error);
  if (error == EIO || error == EBADMSG || error == EUCLEAN) result.error.kind = ErrorKind::kCorrupt;
  return result;
}

Result<UniqueFd> open_fd(const std::string& path, int flags) {
  while (true) {
    UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    if (fd.get() >= 0) return fd;
    if (errno != EINTR) return failure("open", path, errno);
  }
}

class PosixFile final : public File {
 public:
  PosixFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> read_at(uint64_t offset, std::span<char> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t n = ::pread(fd_.get(), into.data() + done, into.size() - done,
                                static_cast<off_t>(offset + done));
      if (n == 0) break;
      if (n > 0) {
        done += static_cast<size_t>(n);
      } else if (errno != EINTR) {
        return read_failure(path_, errno);
      }
    }
    return done;
  }

  Status write_at(uint64_t offset, std::span<const std::string_view> pieces) override {
    std::array<iovec, 128> vectors;
    size_t first = 0;    // the first piece that is not completely written
    size_t written = 0;  // bytes of that piece already written
    while (first < pieces.size()) {
      size_t count = 0;
      for (size_t i = first; i < pieces.size() && count < vectors.size(); ++i, ++count) {
        const std::string_view rest = pieces[i].substr(i == first ? written : 0);
        vectors[count] = {const_cast<char*>(rest.data()), rest.size()};
      }
      const ssize_t n =
          ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
      if (n < 0) {
        if (errno == EINTR) continue;
        return failure("write", path_, errno);
      }
      offset += static_cast<uint64_t>(n);
      written += static_cast<size_t>(n);
      while (first < pieces.size() && written >= pieces[first].size()) {
        written -= pieces[first++].size();
      }
    }
    return {};
  }

  Status sync() override {
    if (::fdatasync(fd_.get()) != 0) return failure("fdatasync", path_, errno);
    return {};
  }

  Status allocate(uint64_t size) override {
    int error = 0;
    do {
      error = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(size));
    } while (error == EINTR);
    if (error != 0) return failure("allocate", path_, error);
    return {};
  }

  Result<uint64_t> size() override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return failure("stat", path_, errno);
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  const UniqueFd fd_;
  const std::string path_;
};

// flock() belongs to the open file description, so two locks in one process also exclude each
// other.
class PosixLock final : public FileLock {
 public:
  explicit PosixLock(UniqueFd fd) : fd_(std::move(fd)) {}

 private:
  const UniqueFd fd_;
};

}  // namespace

Result<std::unique_ptr<File>> PosixFileSystem::open(const std::string& path, OpenMode mode) {
  int flags = O_RDONLY;
  if (mode == OpenMode::kReadWrite) flags = O_RDWR;
  if (mode == OpenMode::kCreate) flags = O_RDWR | O_CREAT;
  Result<UniqueFd> fd = open_fd(path, flags);
  if (!fd) return fail(std::move(fd).error());
  return std::make_unique<PosixFile>(*std::move(fd), path);
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& folder) {
  DIR* const entries = ::opendir(folder.c_str());
  if (entries == nullptr) return failure("list", folder, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  ::closedir(entries);
  if (error != 0) return failure("list", folder, error);
  std::sort(names.begin(), names.end());
  return names;
}

Status PosixFileSystem::make_folders(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      // A parent that we may not write to can still exist (EROFS, EACCES).
      struct stat info {};
      const int error = errno;
      if (::stat(part.c_str(), &info) != 0) return failure("mkdir", part, error);
    }
    if (end == std::string::npos) return {};
  }
}

Status PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failure("rename", from, errno);
  return {};
}

Status PosixFileSystem::remove(const std::string& path) {
  if (std::remove(path.c_str()) != 0) return failure("remove", path, errno);
  return {};
}

Status PosixFileSystem::sync_folder(const std::string& path) {
  Result<UniqueFd> fd = open_fd(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fail(std::move(fd).error());
  if (::fsync(fd->get()) != 0) return failure("fsync", path, errno);
  return {};
}

Result<int64_t> PosixFileSystem::modified(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return failure("stat", path, errno);
  return static_cast<int64_t>(info.st_mtim.tv_sec);
}

Result<DiskSpace> PosixFileSystem::space(const std::string& folder) {
  struct statvfs info {};
  int failed = 0;
  do {
    failed = ::statvfs(folder.c_str(), &info);
  } while (failed != 0 && errno == EINTR);
  if (failed != 0) return failure("statvfs", folder, errno);
  if (info.f_blocks == 0) {
    return fail(ErrorKind::kInternal, "statvfs " + folder + ": the file system has no size");
  }
  return DiskSpace{.bytes = info.f_blocks * info.f_frsize,
                   .available = info.f_bavail * info.f_frsize};
}

// An inode's number alone may recur on a disk that was set up in the same way.
Result<std::string> PosixFileSystem::identity(const std::string& folder) {
  struct statx info {};
  if (::statx(AT_FDCWD, folder.c_str(), 0, STATX_INO | STATX_BTIME, &info) != 0) {
    return failure("statx", folder, errno);
  }
  if ((info.stx_mask & STATX_BTIME) == 0) {
    return fail(ErrorKind::kInternal, "statx " + folder + ": no time of creation");
  }
  std::ostringstream text;
  text << std::hex << info.stx_ino << '-' << info.stx_btime.tv_sec << '-' << info.stx_btime.tv_nsec;
  return text.str();
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::try_lock(const std::string& path) {
  Result<UniqueFd> fd = open_fd(path, O_RDWR | O_CREAT);
  if (!fd) return fail(std::move(fd).error());
  if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) return failure("lock", path, errno);
  // The previous holder may have removed the file between our open and our lock. A lock on a
  // removed file excludes nobody.
  struct stat held {};
  struct stat named {};
  if (::fstat(fd->get(), &held) != 0) return failure("stat", path, errno);
  if (::stat(path.c_str(), &named) != 0 || held.st_ino != named.st_ino) {
    return fail(ErrorKind::kConflict, "lock " + path + ": removed in the meantime");
  }
  return std::make_unique<PosixLock>(*std::move(fd));
}

}  // namespace dualtrace

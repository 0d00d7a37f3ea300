// SPDX-License-Identifier: Apache-2.0
#include "agent/app/prepare_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include "common/io/unique_fd.h"

namespace dualtrace::agent {
namespace {

constexpr mode_t kPrivate = 0700;
constexpr mode_t kModeBits = 07777;
constexpr int kDepthMax = 16;

Failure failure(const char* call, const std::string& path) {
  return fail(ErrorKind::kInternal,
              std::string(call) + " " + path + ": " + std::generic_category().message(errno));
}

Failure refusal(const std::string& path, const char* why) {
  return fail(ErrorKind::kInvalid, path + " " + why);
}

template <typename Id>
bool read_id(std::string_view text, Id& id) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  // chown() takes the largest id as "do not change".
  return error == std::errc() && end == text.data() + text.size() && id != static_cast<Id>(-1);
}

FolderOwner owner_of(const struct stat& found) { return {found.st_uid, found.st_gid}; }

// One entry, held by O_PATH, since opening a private folder of another user would fail.
class Entry {
 public:
  static Result<Entry> hold(int folder, const std::string& name, std::string path) {
    UniqueFd fd(::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (fd.get() < 0) return failure("open", path);
    struct stat found {};
    if (::fstat(fd.get(), &found) != 0) return failure("stat", path);
    return Entry(std::move(fd), found, std::move(path));
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_folder() const { return S_ISDIR(found_.st_mode); }
  [[nodiscard]] bool is_private() const { return (found_.st_mode & kModeBits) == kPrivate; }
  [[nodiscard]] dev_t device() const { return found_.st_dev; }
  [[nodiscard]] FolderOwner owner() const { return owner_of(found_); }

  [[nodiscard]] Status check() const {
    if (S_ISLNK(found_.st_mode)) return refusal(path_, "is a symbolic link");
    if (is_folder()) return {};
    if (!S_ISREG(found_.st_mode)) return refusal(path_, "is neither a file nor a folder");
    if (found_.st_nlink > 1) return refusal(path_, "has another name elsewhere (a hard link)");
    return {};
  }

  Status give_to(FolderOwner owner) {
    if (::fchownat(fd_.get(), "", owner.user, owner.group, AT_EMPTY_PATH) != 0) {
      return failure("chown", path_);
    }
    found_.st_uid = owner.user;
    found_.st_gid = owner.group;
    return {};
  }

  // Opens a folder that we own, to list it and to change its mode.
  Result<UniqueFd> open() const {
    UniqueFd fd(::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return failure("open", path_);
    return fd;
  }

 private:
  Entry(UniqueFd fd, const struct stat& found, std::string path)
      : fd_(std::move(fd)), found_(found), path_(std::move(path)) {}

  UniqueFd fd_;
  struct stat found_;
  std::string path_;
};

Result<std::vector<std::string>> names_in(int folder, const std::string& path) {
  const int copy = ::fcntl(folder, F_DUPFD_CLOEXEC, 0);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), ::closedir);
  if (!stream) {
    if (copy >= 0) ::close(copy);
    return failure("read", path);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return failure("read", path);
  return names;
}

class HandOver {
 public:
  HandOver(FolderOwner owner, dev_t device) : owner_(owner), device_(device) {}

  // Changes everything in the folder, then the folder itself, and sets `mode` if given.
  Status folder(Entry& entry, int depth, std::optional<mode_t> mode) {
    if (depth > kDepthMax) return refusal(entry.path(), "is too deep");
    if (Status mine = entry.give_to({::geteuid(), ::getegid()}); !mine) return mine;
    const Result<UniqueFd> opened = entry.open();
    if (!opened) return fail(opened.error());
    if (mode && ::fchmod(opened->get(), *mode) != 0) return failure("chmod", entry.path());
    const auto names = names_in(opened->get(), entry.path());
    if (!names) return fail(names.error());
    for (const std::string& name : *names) {
      if (Status done = child(opened->get(), name, entry.path(), depth); !done) return done;
    }
    return entry.give_to(owner_);
  }

 private:
  Status child(int folder_fd, const std::string& name, const std::string& folder_path, int depth) {
    Result<Entry> entry = Entry::hold(folder_fd, name, folder_path + "/" + name);
    if (!entry) return fail(entry.error());
    if (Status sound = entry->check(); !sound) return sound;
    if (entry->device() != device_) return refusal(entry->path(), "is on another file system");
    if (entry->owner() == owner_) return {};
    return entry->is_folder() ? folder(*entry, depth + 1, std::nullopt) : entry->give_to(owner_);
  }

  const FolderOwner owner_;
  const dev_t device_;
};

}  // namespace

Result<FolderOwner> parse_owner(std::string_view text) {
  FolderOwner owner;
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || !read_id(text.substr(0, colon), owner.user) ||
      !read_id(text.substr(colon + 1), owner.group)) {
    return fail(ErrorKind::kInvalid, "expected UID:GID, two numbers such as 65532:65532");
  }
  return owner;
}

Status prepare_folder(const std::string& folder, FolderOwner owner) {
  // With a trailing slash, a symbolic link would be followed.
  const std::string path = folder.substr(0, folder.find_last_not_of('/') + 1);
  if (path.empty()) return refusal(folder, "is not a folder that can be prepared");
  if (::mkdir(path.c_str(), kPrivate) != 0 && errno != EEXIST) return failure("make", path);
  Result<Entry> top = Entry::hold(AT_FDCWD, path, path);
  if (!top) return fail(top.error());
  if (Status sound = top->check(); !sound) return sound;
  if (!top->is_folder()) return refusal(path, "is not a folder");
  if (top->owner() == owner && top->is_private()) return {};
  return HandOver(owner, top->device()).folder(*top, 0, kPrivate);
}

}  // namespace dualtrace::agent

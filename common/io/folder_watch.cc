// SPDX-License-Identifier: Apache-2.0
#include "common/io/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace dualtrace {
namespace {

constexpr uint32_t kInside = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
// The folder itself is removed: the next wait looks for a new one of the same name.
constexpr uint32_t kItself = IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

FolderWatch::FolderWatch(std::string folder)
    : folder_(std::move(folder)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      stopped_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  watch();
}

void FolderWatch::watch() {
  if (watch_ >= 0 || inotify_.get() < 0) return;
  watch_ = ::inotify_add_watch(inotify_.get(), folder_.c_str(), kInside | kItself | IN_ONLYDIR);
}

FolderWatch::Woken FolderWatch::wait(std::chrono::milliseconds timeout) {
  watch();
  // poll() ignores negative descriptors.
  std::array<pollfd, 2> waits = {{{.fd = stopped_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = inotify_.get(), .events = POLLIN, .revents = 0}}};
  ::poll(waits.data(), waits.size(), static_cast<int>(timeout.count()));
  if (waits[0].revents != 0) return Woken::kStopped;
  if (waits[1].revents == 0) return Woken::kTimeout;
  take_events();
  return Woken::kChanged;
}

void FolderWatch::take_events() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  for (ssize_t n = 0; (n = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;) {
    for (size_t at = 0; at < static_cast<size_t>(n);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      at += sizeof(event) + event.len;
      if (event.wd != watch_) continue;
      if ((event.mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(inotify_.get(), watch_);
      if ((event.mask & (kItself | IN_IGNORED)) != 0) watch_ = -1;
    }
  }
}

void FolderWatch::stop() { ::eventfd_write(stopped_.get(), 1); }

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// FolderWatch: waits until something in a folder may have changed: a file that was written and
// closed, a name that was added, replaced or removed. That is how Kubernetes changes a mounted
// ConfigMap: it puts another link in the place of "..data". Where the system has no watch left to
// give, it only waits the time out: whoever uses it looks now and then in any case.
// wait() is used from one thread, stop() from any.

#include <chrono>
#include <string>

#include "common/io/unique_fd.h"

namespace dualtrace {

class FolderWatch {
 public:
  enum class Woken { kChanged, kTimeout, kStopped };

  // What changes after this is told.
  explicit FolderWatch(std::string folder);
  // Blocks. Several changes may be told as one, and a change of any file is told.
  Woken wait(std::chrono::milliseconds timeout);
  // Ends the wait, and all later ones at once.
  void stop();
  // Whether the system watches; it may come and go with the folder.
  [[nodiscard]] bool watching() const { return watch_ >= 0; }

 private:
  void watch();
  void take_events();

  const std::string folder_;
  const UniqueFd inotify_;
  const UniqueFd stopped_;
  int watch_ = -1;
};

}  // namespace dualtrace

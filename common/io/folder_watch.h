// SPDX-License-Identifier: Apache-2.0
#pragma once
// FolderWatch: waits until something in a folder may have changed: a file was written and closed,
// or a name was added, replaced or removed. Kubernetes changes a mounted ConfigMap in this way: it
// replaces the link "..data". If the system has no inotify watch left, it only waits for the
// timeout, so callers must also poll. wait() is used from one thread, stop() from any.

#include <chrono>
#include <string>

#include "common/io/unique_fd.h"

namespace dualtrace {

class FolderWatch {
 public:
  enum class Woken { kChanged, kTimeout, kStopped };

  // Changes after this are reported.
  explicit FolderWatch(std::string folder);
  // Blocks. Several changes may be reported as one; a change of any file is reported.
  Woken wait(std::chrono::milliseconds timeout);
  // Ends the wait, and every later one immediately.
  void stop();
  // Whether the system watches the folder; this may change as the folder comes and goes.
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

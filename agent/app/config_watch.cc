// SPDX-License-Identifier: Apache-2.0
#include "agent/app/config_watch.h"

#include <pthread.h>

#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

// Polling interval, for folders that inotify cannot watch. In others, changes are noticed
// immediately.
constexpr std::chrono::milliseconds kLookAgain{10'000};
// Writing has finished when the folder has been quiet for this long. If a folder is never quiet,
// read the file anyway.
constexpr std::chrono::milliseconds kQuiet{200};
constexpr int kNoisesMax = 10;

}  // namespace

ConfigWatch::ConfigWatch(const std::string& folder, ConfigReload& reload)
    : reload_(reload), folder_(folder), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "dt-config");
}

ConfigWatch::~ConfigWatch() {
  folder_.stop();
  thread_.join();
}

void ConfigWatch::run() {
  if (!folder_.watching()) {
    log_warn("cannot watch the configuration folder for changes; the agent polls it instead");
  }
  using Woken = FolderWatch::Woken;
  Woken woken = Woken::kTimeout;
  while (woken != Woken::kStopped) {
    const bool changing = reload_.look() == ConfigReload::Found::kChanging;
    woken = folder_.wait(changing ? kQuiet : kLookAgain);
    for (int noises = 0; woken == Woken::kChanged && noises < kNoisesMax; ++noises) {
      woken = folder_.wait(kQuiet);
    }
  }
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/app/config_watch.h"

#include <pthread.h>

#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

// For folders that the system does not watch: others are told of at once.
constexpr std::chrono::milliseconds kLookAgain{10'000};
// A folder in which nobody writes any more is quiet for so long; in one that never is we look all
// the same.
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
    log_warn("the system does not watch the configuration's folder, it is looked at now and then");
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

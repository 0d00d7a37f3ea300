// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConfigWatch: the thread that looks at the configuration's file when its folder changes, and now
// and then in any case; what is applied is applied on it.
// Used from one thread.

#include <string>
#include <thread>

#include "agent/app/config_reload.h"
#include "common/io/folder_watch.h"

namespace dualtrace::agent {

class ConfigWatch {
 public:
  // `reload` outlives it; `folder` is the file's.
  ConfigWatch(const std::string& folder, ConfigReload& reload);
  // Ends it, when what is being applied is applied.
  ~ConfigWatch();
  ConfigWatch(const ConfigWatch&) = delete;
  ConfigWatch& operator=(const ConfigWatch&) = delete;

 private:
  void run();

  ConfigReload& reload_;
  FolderWatch folder_;
  std::thread thread_;
};

}  // namespace dualtrace::agent

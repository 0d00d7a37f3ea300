// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConfigWatch: the thread that checks the configuration file when its folder changes, and also
// periodically. Changes are applied on this thread.
// Used from one thread.

#include <string>
#include <thread>

#include "agent/app/config_reload.h"
#include "common/io/folder_watch.h"

namespace dualtrace::agent {

class ConfigWatch {
 public:
  // `reload` outlives the object; `folder` is the folder of the file.
  ConfigWatch(const std::string& folder, ConfigReload& reload);
  // Ends the thread, after a change that is being applied.
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

// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConfigFile: the configuration file, and how its text becomes a configuration. Used in the same
// way at the start, for `--check` and for a reload.
// Thread-safe.

#include <string>
#include <string_view>

#include "common/config/agent_config.h"
#include "common/error/result.h"
#include "common/io/file_system.h"

namespace dualtrace::agent {

struct LoadedConfig {
  AgentConfig config;
  std::string text;
};

class ConfigFile {
 public:
  // `files` outlives it.
  ConfigFile(const std::string& path, FileSystem& files);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] Result<std::string> read() const;
  // Fails with kInvalid and all faults, one per line.
  [[nodiscard]] Result<AgentConfig> parse(std::string_view text) const;
  [[nodiscard]] Result<LoadedConfig> load() const;

 private:
  std::string path_;  // absolute, as is the folder
  std::string folder_;
  FileSystem* files_;
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/app/config_file.h"

#include <filesystem>
#include <utility>

namespace dualtrace::agent {
namespace {

constexpr size_t kConfigBytesMax = 1024 * 1024;

}  // namespace

ConfigFile::ConfigFile(const std::string& path, FileSystem& files)
    : path_(std::filesystem::absolute(path).string()),
      folder_(std::filesystem::path(path_).parent_path().string()),
      files_(&files) {}

Result<std::string> ConfigFile::read() const { return read_file(*files_, path_, kConfigBytesMax); }

Result<AgentConfig> ConfigFile::parse(std::string_view text) const {
  ConfigOrFaults parsed = parse_agent_config(text, folder_);
  if (!parsed.config) {
    std::string faults = to_string(parsed.faults);
    faults.pop_back();  // the trailing newline
    return fail(ErrorKind::kInvalid, std::move(faults));
  }
  return *std::move(parsed.config);
}

Result<LoadedConfig> ConfigFile::load() const {
  Result<std::string> text = read();
  if (!text) return fail(std::move(text).error());
  Result<AgentConfig> config = parse(*text);
  if (!config) return fail(config.error().with_prefix(path_ + ":\n"));
  return LoadedConfig{*std::move(config), *std::move(text)};
}

}  // namespace dualtrace::agent

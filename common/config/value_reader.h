// SPDX-License-Identifier: Apache-2.0
#pragma once
// ValueReader: converts the texts of a RawConfig to typed values, within the bounds of the schema.
// An invalid text becomes a fault and leaves the value unchanged. Only agent_config.cc uses it.
// Used from one thread; it keeps references to its arguments.

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/raw_config.h"
#include "common/config/schema.h"
#include "common/error/result.h"
#include "common/io/disk_share.h"

namespace dualtrace {

class ValueReader {
 public:
  // Relative file paths are resolved against `folder`.
  ValueReader(const RawConfig& raw, std::string_view folder, std::vector<ConfigFault>& faults)
      : raw_(raw), folder_(folder), faults_(faults) {}

  // nullptr if the key is not set.
  [[nodiscard]] const std::string* text(std::string_view path) const;
  [[nodiscard]] bool has(std::string_view path) const { return text(path) != nullptr; }

  void fault(std::string_view path, std::string message);
  // Returns whether there is a value; an error becomes a fault.
  template <typename T>
  bool expect(std::string_view path, const Result<T>& result) {
    if (!result) fault(path, result.error().message);
    return result.has_value();
  }
  // Adds a fault at the first path, unless `holds` or one of the paths already has a fault.
  void rule(std::initializer_list<std::string_view> paths, bool holds, std::string_view message);
  // Adds a fault unless the key is set.
  void require(std::string_view path, std::string_view message);

  void read_size(std::string_view path, uint64_t& into);
  void read_share(std::string_view path, DiskShare& into);
  void read_count(std::string_view path, uint32_t& into);
  void read_size(std::string_view path, uint32_t& into);
  void read_duration(std::string_view path, std::chrono::milliseconds& into);
  void read_duration(std::string_view path, std::chrono::seconds& into);
  void read_file(std::string_view path, std::string& into);
  void read_address(std::string_view path, HostPort& into);
  // `values` in the order of the schema's choices.
  template <typename Choice>
  void read_choice(std::string_view path, std::initializer_list<Choice> values, Choice& into) {
    if (const auto index = choice(path)) into = std::data(values)[*index];
  }

  // An IP address and a port, for sockets to listen on.
  static Result<HostPort> parse_address(std::string_view text);

 private:
  template <typename T>
  std::optional<T> bounded(std::string_view path, Result<T> (*parse)(std::string_view));
  std::optional<size_t> choice(std::string_view path);

  const RawConfig& raw_;
  const std::filesystem::path folder_;
  std::vector<ConfigFault>& faults_;
};

}  // namespace dualtrace

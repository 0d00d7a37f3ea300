// SPDX-License-Identifier: Apache-2.0
#pragma once
// ValueReader: converts the texts of a RawConfig to the values of an AgentConfig, by the schema. An
// invalid text becomes a fault and then reads as not set. Only agent_config.cc uses it, and checks
// with it the rules between several keys.
// Used from one thread; it keeps references to its arguments.

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/raw_config.h"
#include "common/config/schema.h"
#include "common/error/result.h"

namespace dualtrace {

class ValueReader {
 public:
  // Relative file paths are resolved against `folder`.
  ValueReader(const RawConfig& raw, std::string_view folder, std::vector<ConfigFault>& faults)
      : raw_(raw), folder_(folder), faults_(faults) {}

  // Sets each value that has a place in `config` to the written value, or else to the default. Only
  // the sections that `config` has are filled in. Reports invalid texts and required keys that are
  // missing.
  void read_values(AgentConfig& config);

  // nullptr if the key is not set, or is invalid.
  [[nodiscard]] const std::string* text(std::string_view path) const;
  // Set, valid or not.
  [[nodiscard]] bool has(std::string_view path) const { return raw_.texts.contains(path); }

  void fault(std::string_view path, std::string message);
  // Returns whether there is a value; an error becomes a fault.
  template <typename T>
  bool expect(std::string_view path, const Result<T>& result) {
    if (!result) fault(path, result.error().message);
    return result.has_value();
  }
  using Paths = std::initializer_list<std::string_view>;
  // Adds a fault at `path`, unless `holds` or one of `values` already has a fault.
  void rule(std::string_view path, Paths values, bool holds, std::string_view message);
  // The same at the first of the values.
  void rule(Paths values, bool holds, std::string_view message) {
    rule(*values.begin(), values, holds, message);
  }

 private:
  [[nodiscard]] bool is_required(const SchemaKey& key) const;

  const RawConfig& raw_;
  const std::string folder_;
  std::vector<ConfigFault>& faults_;
  std::set<std::string, std::less<>> invalid_;
};

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/config/value_reader.h"

#include <algorithm>

#include "common/config/check_value.h"

namespace dualtrace {

void ValueReader::read_values(AgentConfig& config) {
  for (const SchemaKey& key : config_schema()) {
    const auto written = raw_.texts.find(key.path);
    const bool is_set = written != raw_.texts.end();
    if (!is_set && is_required(key)) fault(key.path, not_set(key.required));
    if (is_set && !expect(key.path, check_value(key, written->second))) {
      invalid_.emplace(key.path);
      continue;
    }
    const std::string_view text = is_set ? std::string_view(written->second) : key.fallback;
    if (key.place != nullptr && (is_set || !key.fallback.empty())) {
      set_value(key, text, folder_, key.place(config));
    }
  }
}

bool ValueReader::is_required(const SchemaKey& key) const {
  if (key.required.empty()) return false;
  const std::string_view section = key.path.substr(0, key.path.rfind('.'));
  return raw_.sections.contains(section) ||
         // The one section that its destination cannot do without.
         (section == "arize.credentials" && raw_.sections.contains("arize"));
}

const std::string* ValueReader::text(std::string_view path) const {
  const auto found = raw_.texts.find(path);
  return found == raw_.texts.end() || invalid_.contains(path) ? nullptr : &found->second;
}

void ValueReader::fault(std::string_view path, std::string message) {
  faults_.push_back({std::string(path), std::move(message)});
}

void ValueReader::rule(std::string_view path, Paths values, bool holds, std::string_view message) {
  if (holds) return;
  const bool faulty = std::any_of(faults_.begin(), faults_.end(), [&](const ConfigFault& fault) {
    return std::find(values.begin(), values.end(), fault.path) != values.end();
  });
  if (!faulty) fault(path, std::string(message));
}

}  // namespace dualtrace

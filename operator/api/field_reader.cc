// SPDX-License-Identifier: Apache-2.0
#include "operator/api/field_reader.h"

#include <algorithm>

#include "common/config/check_value.h"
#include "common/config/rules.h"
#include "common/config/value.h"
#include "common/error/check.h"
#include "operator/api/kubernetes_rules.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kEntryBytesMax = 128;  // of a foreign name in a path

// Any byte of a UTF-8 character except its first.
bool is_continuation(char c) { return (static_cast<unsigned char>(c) >> 6) == 2; }
bool is_control(char c) { return !check_characters({&c, 1}); }

Status check_text(const ExportField& field, std::string_view text) {
  if (auto value = check_value(schema_key(field), text); !value) return value;
  switch (field.type) {
    case FieldType::kName:
      return check_object_name(text);
    case FieldType::kDataKey:
      return check_data_key(text);
    case FieldType::kCpu:
      if (const auto cpu = parse_cpu(text); !cpu) return fail(cpu.error());
      return {};
    case FieldType::kCountOrPercent:
      return check_count_or_percent(text);
    default:
      return {};
  }
}

bool may_be_number(FieldType type) {
  return type == FieldType::kMemory || type == FieldType::kCpu ||
         type == FieldType::kCountOrPercent;
}

// A name from outside, without line breaks and without incomplete characters.
std::string entry_path(std::string_view path, std::string_view entry) {
  size_t length = std::min(entry.size(), kEntryBytesMax);
  while (length > 0 && length < entry.size() && is_continuation(entry[length])) --length;
  std::string name(entry.substr(0, length));
  std::replace_if(name.begin(), name.end(), is_control, '?');
  return std::string(path) + "[" + name + "]";
}

}  // namespace

std::string FieldReader::path_of(std::string_view name) const {
  if (path_.empty() || name.empty()) return path_ + std::string(name);
  return path_ + "." + std::string(name);
}

// The table has lists without indices.
const ExportField& FieldReader::field(std::string_view name) const {
  std::string path = path_of(name);
  for (size_t open = path.find('['); open != std::string::npos; open = path.find('[', open + 1)) {
    path.erase(open + 1, path.find(']', open) - open - 1);
  }
  const ExportField* found = find_field(path);
  DT_CHECK(found != nullptr);
  return *found;
}

void FieldReader::fault(std::string_view name, std::string message) {
  faults_.push_back({path_of(name), std::move(message)});
}

void FieldReader::entry_fault(std::string_view name, std::string_view entry, std::string message) {
  faults_.push_back({entry_path(path_of(name), entry), std::move(message)});
}

const Json* FieldReader::written(std::string_view name) const {
  const Json* found = find(section_, {name});
  return found == nullptr || found->is_null() ? nullptr : found;
}

const Json* FieldReader::wanted(std::string_view name) {
  const Json* found = written(name);
  if (found == nullptr && field(name).required)
    fault(name, not_set(schema_key(field(name)).required));
  return found;
}

std::optional<FieldReader> FieldReader::section(std::string_view name) {
  static const Json kEmpty = Json::object();
  const Json* found = wanted(name);
  if (found == nullptr && !field(name).fallback.empty()) found = &kEmpty;
  if (found == nullptr) return std::nullopt;
  if (!found->is_object()) {
    fault(name, "expected an object");
    return std::nullopt;
  }
  return FieldReader(*found, path_of(name), faults_);
}

std::optional<std::string> FieldReader::text(std::string_view name) {
  const ExportField& rule = field(name);
  const Json* found = wanted(name);
  if (found == nullptr) {
    if (rule.fallback.empty()) return std::nullopt;
    return std::string(rule.fallback);
  }
  std::string text;
  if (found->is_string()) {
    text = found->get_ref<const std::string&>();
  } else if (may_be_number(rule.type) && found->is_number_integer()) {
    text = found->dump();
  } else {
    fault(name, "expected a string");
    return std::nullopt;
  }
  if (const Status status = check_text(rule, text); !status) {
    fault(name, status.error().message);
    return std::nullopt;
  }
  return text;
}

std::optional<int64_t> FieldReader::integer(std::string_view name) {
  const ExportField& rule = field(name);
  const Json* found = wanted(name);
  if (found == nullptr) {
    if (rule.fallback.empty()) return std::nullopt;
    return static_cast<int64_t>(parse_count(rule.fallback).value());
  }
  // Negative numbers fail to parse, like everything else that is not a count.
  const std::string text = found->is_number_integer() ? found->dump() : std::string();
  if (const Status status = check_value(schema_key(rule), text); !status) {
    fault(name, status.error().message);
    return std::nullopt;
  }
  return found->get<int64_t>();
}

std::map<std::string, std::string> FieldReader::texts(std::string_view name) {
  const ExportField& rule = field(name);
  const Json* found = wanted(name);
  std::map<std::string, std::string> texts;
  if (found == nullptr) return texts;
  if (!found->is_object()) {
    fault(name, "expected a map of strings");
    return texts;
  }
  if (found->size() > rule.most_entries) {
    fault(name, too_many_entries(rule.most_entries));
    return texts;
  }
  for (const auto& [entry, value] : found->items()) {
    if (!value.is_string()) {
      entry_fault(name, entry, "expected a string");
    } else if (const Status status = check_text(rule, value.get_ref<const std::string&>());
               !status) {
      entry_fault(name, entry, status.error().message);
    } else {
      texts.emplace(entry, value.get<std::string>());
    }
  }
  return texts;
}

std::map<std::string, std::string> FieldReader::labels(std::string_view name) {
  auto labels = texts(name);
  for (const auto& [label, value] : labels) {
    if (const auto named = check_label_name(label); !named) {
      entry_fault(name, label, named.error().message);
    } else if (const auto valued = check_label_value(value); !valued) {
      entry_fault(name, label, valued.error().message);
    }
  }
  return labels;
}

void FieldReader::read_settings(Settings& into) {
  for (const ExportField& field : export_fields()) {
    const size_t dot = field.path.rfind('.');
    const bool is_here = dot != std::string_view::npos && field.path.substr(0, dot) == path_;
    if (!is_here || field.config_key.empty() || field.type == FieldType::kMap) continue;
    const std::string_view name = field.path.substr(dot + 1);
    if (field.type == FieldType::kInteger) {
      if (const auto number = integer(name)) into[field.config_key] = std::to_string(*number);
    } else if (auto written = text(name)) {
      into[field.config_key] = *std::move(written);
    }
  }
}

const Json* FieldReader::list(std::string_view name) {
  const ExportField& rule = field(name);
  const Json* found = wanted(name);
  if (found == nullptr) return nullptr;
  if (!found->is_array()) {
    fault(name, "expected a list");
    return nullptr;
  }
  if (found->size() > rule.most_entries) {
    fault(name, too_many_entries(rule.most_entries));
    return nullptr;
  }
  return found;
}

std::vector<FieldReader> FieldReader::items(std::string_view name) {
  std::vector<FieldReader> items;
  const Json* found = list(name);
  if (found == nullptr) return items;
  for (const Json& item : *found) {
    const std::string index = std::to_string(&item - &found->front());
    if (item.is_object()) {
      items.emplace_back(item, entry_path(path_of(name), index), faults_);
    } else {
      entry_fault(name, index, "expected an object");
    }
  }
  return items;
}

std::vector<std::string> FieldReader::text_items(std::string_view name) {
  const ExportField& rule = field(name);
  std::vector<std::string> texts;
  const Json* found = list(name);
  if (found == nullptr) return texts;
  for (const Json& item : *found) {
    const std::string index = std::to_string(&item - &found->front());
    if (!item.is_string()) {
      entry_fault(name, index, "expected a string");
    } else if (const Status status = check_text(rule, item.get_ref<const std::string&>());
               !status) {
      entry_fault(name, index, status.error().message);
    } else {
      texts.push_back(item.get<std::string>());
    }
  }
  return texts;
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/api/field_reader.h"

#include <algorithm>

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

// As the API server counts maxLength: characters, not bytes.
size_t characters(std::string_view text) {
  return text.size() -
         static_cast<size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

Failure invalid(std::string message) { return fail(ErrorKind::kInvalid, std::move(message)); }

Status check_choice(const ExportField& field, std::string_view text) {
  if (std::find(field.choices.begin(), field.choices.end(), text) != field.choices.end()) return {};
  std::string all;
  for (const std::string_view choice : field.choices) {
    if (!all.empty()) all += choice == field.choices.back() ? " or " : ", ";
    all += choice;
  }
  return invalid("expected " + all);
}

template <typename T>
Status check_bounds(const ExportField& field, std::string_view text,
                    Result<T> (*parse)(std::string_view)) {
  const Result<T> value = parse(text);
  if (!value) return fail(value.error());
  if (*value < parse(field.least).value() || *value > parse(field.most).value()) {
    return invalid("must be between " + std::string(field.least) + " and " +
                   std::string(field.most));
  }
  return {};
}

Status check_duration(const ExportField& field, std::string_view text) {
  if (auto bounds = check_bounds(field, text, parse_duration); !bounds) return bounds;
  if (text.ends_with("ms")) return invalid("must be whole seconds, such as 72h, 30m or 1h30m");
  return {};
}

Status check_text(const ExportField& field, std::string_view text) {
  if (auto characters = check_characters(text); !characters) return characters;
  if (field.most_characters != 0 && characters(text) > field.most_characters) {
    return invalid("at most " + std::to_string(field.most_characters) + " characters");
  }
  switch (field.type) {
    case FieldType::kChoice:
      return check_choice(field, text);
    case FieldType::kName:
      return check_object_name(text);
    case FieldType::kDataKey:
      return check_data_key(text);
    case FieldType::kSize:
    case FieldType::kMemory:
      return check_bounds(field, text, parse_size);
    case FieldType::kShare:
      if (const auto share = parse_disk_share(text); !share) return fail(share.error());
      return {};
    case FieldType::kDuration:
      return check_duration(field, text);
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
  if (found == nullptr && field(name).required) fault(name, "is required but not set");
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
  if (const Status status = check_bounds(rule, text, parse_count); !status) {
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
    fault(name, "at most " + std::to_string(rule.most_entries) + " entries");
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

const Json* FieldReader::list(std::string_view name) {
  const ExportField& rule = field(name);
  const Json* found = wanted(name);
  if (found == nullptr) return nullptr;
  if (!found->is_array()) {
    fault(name, "expected a list");
    return nullptr;
  }
  if (found->size() > rule.most_entries) {
    fault(name, "at most " + std::to_string(rule.most_entries) + " entries");
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

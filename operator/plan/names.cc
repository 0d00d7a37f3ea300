// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/names.h"

#include <algorithm>

#include "common/bytes/sha256.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kChildSuffix = "-dualtrace";
constexpr size_t kChildNameBytesMax = 52;
constexpr size_t kLabelValueBytesMax = 63;
constexpr size_t kHashDigits = 10;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool is_label_character(char c) { return is_lower(c) || is_digit(c) || c == '-'; }
bool is_value_character(char c) {
  return is_label_character(c) || is_upper(c) || c == '.' || c == '_';
}

// Such a name is never used unchanged: it could equal the shortened form of another name.
bool ends_like_a_hash(std::string_view name) {
  if (name.size() <= kHashDigits || name[name.size() - kHashDigits - 1] != '-') return false;
  const std::string_view end = name.substr(name.size() - kHashDigits);
  return std::all_of(end.begin(), end.end(),
                     [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

// The beginning of the name, in allowed characters, and a hash of the whole name.
std::string hashed(std::string_view name, size_t bytes_max, bool (*allowed)(char)) {
  std::string kept(name.substr(0, bytes_max - kHashDigits - 1));
  std::replace_if(
      kept.begin(), kept.end(), [&](char c) { return !allowed(c); }, '-');
  while (!kept.empty() && !is_lower(kept.back()) && !is_upper(kept.back()) &&
         !is_digit(kept.back())) {
    kept.pop_back();
  }
  return kept + "-" + sha256_hex(name, kHashDigits);
}

}  // namespace

std::string child_name(std::string_view export_name) {
  const size_t bytes_max = kChildNameBytesMax - kChildSuffix.size();
  const bool as_it_is = !export_name.empty() && export_name.size() <= bytes_max &&
                        is_lower(export_name.front()) && export_name.back() != '-' &&
                        !ends_like_a_hash(export_name) &&
                        std::all_of(export_name.begin(), export_name.end(), is_label_character);
  if (as_it_is) return std::string(export_name) + std::string(kChildSuffix);
  constexpr std::string_view kLetters = "export-";  // for names that do not begin with a letter
  const bool begins_well = !export_name.empty() && is_lower(export_name.front());
  const std::string_view before = begins_well ? "" : kLetters;
  return std::string(before) + hashed(export_name, bytes_max - before.size(), is_label_character) +
         std::string(kChildSuffix);
}

std::string export_label_value(std::string_view export_name) {
  const bool as_it_is = export_name.size() <= kLabelValueBytesMax && !ends_like_a_hash(export_name);
  if (as_it_is) return std::string(export_name);
  return hashed(export_name, kLabelValueBytesMax, is_value_character);
}

Json child_labels(std::string_view export_name) {
  Json labels = pod_selector_labels(export_name);
  labels["app.kubernetes.io/instance"] = export_label_value(export_name);
  labels["app.kubernetes.io/component"] = "agent";
  labels[std::string(kManagedByLabel)] = kManagedByValue;
  return labels;
}

// No version, no configuration: a DaemonSet's selector is immutable.
Json pod_selector_labels(std::string_view export_name) {
  return {{"app.kubernetes.io/name", "dualtrace-agent"},
          {std::string(kExportLabel), export_label_value(export_name)}};
}

}  // namespace dualtrace::ctl

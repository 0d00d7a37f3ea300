// SPDX-License-Identifier: Apache-2.0
#pragma once
// Functions shared by several readers of header values. Pure. Thread-safe.

#include <string>
#include <string_view>

namespace dualtrace::agent {

// Without surrounding blanks, in lower case.
[[nodiscard]] inline std::string trimmed_lower(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  std::string result(text.substr(first, text.find_last_not_of(" \t") - first + 1));
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// A field on several lines is one list (RFC 9110, 5.3).
inline void add_to_list(std::string& list, std::string_view value) {
  if (!list.empty()) list.append(", ");
  list.append(value);
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/form.h"

#include <algorithm>
#include <charconv>

namespace dualtrace::sandbox {
namespace {

std::string_view next_part(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('&'));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 3], byte, 16).ptr == &text[i + 3]) {
      plain.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      plain.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return plain;
}

std::optional<std::string> query_member(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view part = next_part(query);
    const size_t equals = part.find('=');
    if (equals != std::string_view::npos && part.substr(0, equals) == name)
      return percent_decoded(part.substr(equals + 1));
  }
  return std::nullopt;
}

Result<Form> parse_form(std::string_view body) {
  Form form;
  while (!body.empty()) {
    const std::string_view part = next_part(body);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos)
      return fail(ErrorKind::kInvalid, "a field of the form has no \"=\"");
    std::string name = percent_decoded(part.substr(0, equals));
    if (form.contains(name))
      return fail(ErrorKind::kInvalid, "the field \"" + name + "\" comes twice");
    form.emplace(std::move(name), percent_decoded(part.substr(equals + 1)));
  }
  return form;
}

}  // namespace dualtrace::sandbox

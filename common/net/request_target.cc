// SPDX-License-Identifier: Apache-2.0
#include "common/net/request_target.h"

namespace dualtrace {
namespace {

bool begins_with(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (size_t i = 0; i < lower_case.size(); ++i) {
    const char c =
        text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!begins_with(target, scheme)) continue;
    const size_t end = target.find_first_of("/?", scheme.size());
    if (end == scheme.size()) return target;  // no host: not an HTTP URI
    if (end == std::string_view::npos) return "/";
    return target[end] == '/' ? target.substr(end) : "/";  // an empty path: drops the query
  }
  return target;
}

}  // namespace dualtrace

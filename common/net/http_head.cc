// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_head.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/bytes/ascii.h"

namespace dualtrace {
namespace {

bool is_header_safe(const std::pair<std::string, std::string>& header) {
  const auto is_unsafe = [](char c) { return is_control(c) && c != '\t'; };
  return !header.first.empty() &&
         std::none_of(header.first.begin(), header.first.end(),
                      [&](char c) { return is_control(c) || c == ' ' || c == ':'; }) &&
         std::none_of(header.second.begin(), header.second.end(), is_unsafe);
}

}  // namespace

Status check_headers(const HttpHeaders& headers) {
  if (std::all_of(headers.begin(), headers.end(), is_header_safe)) return {};
  return fail(ErrorKind::kInvalid, "a header contains an invalid character");
}

}  // namespace dualtrace

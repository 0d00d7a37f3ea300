// SPDX-License-Identifier: Apache-2.0
#include "common/config/space_id.h"

#include <algorithm>
#include <string>

#include "common/bytes/base64.h"

namespace dualtrace {
namespace {

constexpr size_t kSpaceIdBytesMax = 256;

bool names_a_space(std::string_view decoded) {
  constexpr std::string_view kPrefix = "Space:";
  if (!decoded.starts_with(kPrefix)) return false;
  decoded.remove_prefix(kPrefix.size());
  const size_t colon = decoded.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == decoded.size()) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_printable = [](char c) { return c > ' ' && c < 0x7f; };
  return std::all_of(decoded.begin(), decoded.begin() + static_cast<ptrdiff_t>(colon), is_digit) &&
         std::all_of(decoded.begin() + static_cast<ptrdiff_t>(colon), decoded.end(), is_printable);
}

}  // namespace

Status check_space_id(std::string_view text) {
  if (text.size() <= kSpaceIdBytesMax) {
    const auto decoded = decode_base64(text);
    if (decoded && names_a_space(*decoded)) return {};
  }
  return fail(ErrorKind::kInvalid,
              "not a space id; use the base64 text that begins with \"U3BhY2U6\", from Space "
              "settings in Arize. With a space name, Arize answers OK but stores nothing");
}

}  // namespace dualtrace

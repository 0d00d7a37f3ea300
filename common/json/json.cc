// SPDX-License-Identifier: Apache-2.0
#include "common/json/json.h"

#include <algorithm>

namespace dualtrace {

Result<Json> parse_json(std::string_view text) {
  Json parsed = Json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return fail(ErrorKind::kInvalid, "not JSON");
  return parsed;
}

std::string to_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* find(const Json& in, JsonPath path) {
  const Json* at = &in;
  for (const std::string_view name : path) {
    if (!at->is_object()) return nullptr;
    const auto member = at->find(name);
    if (member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

std::string_view text_at(const Json& in, JsonPath path) {
  const Json* found = find(in, path);
  if (found == nullptr || !found->is_string()) return {};
  return found->get_ref<const std::string&>();
}

std::optional<int64_t> integer_at(const Json& in, JsonPath path) {
  const Json* found = find(in, path);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  return found->get<int64_t>();
}

uint64_t count_at(const Json& in, JsonPath path) {
  const Json* found = find(in, path);
  if (found == nullptr || !found->is_number_integer()) return 0;
  // Only a Json made from a signed integer is not "unsigned"; all that is parsed is, unless
  // negative.
  if (found->is_number_unsigned()) return found->get<uint64_t>();
  return static_cast<uint64_t>(std::max<int64_t>(found->get<int64_t>(), 0));
}

const Json& array_at(const Json& in, JsonPath path) {
  static const Json kEmpty = Json::array();
  const Json* found = find(in, path);
  return found != nullptr && found->is_array() ? *found : kEmpty;
}

}  // namespace dualtrace

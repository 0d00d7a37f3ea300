// SPDX-License-Identifier: Apache-2.0
#include "common/config/check_value.h"

#include <algorithm>

#include "common/config/rules.h"
#include "common/config/value.h"

namespace dualtrace {
namespace {

Failure invalid(std::string message) { return fail(ErrorKind::kInvalid, std::move(message)); }

// Any byte of a UTF-8 character except its first.
bool is_continuation(char c) { return (static_cast<unsigned char>(c) >> 6) == 2; }

// As the API server counts maxLength: characters, not bytes.
size_t characters(std::string_view text) {
  return text.size() -
         static_cast<size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

Status check_choice(std::span<const std::string_view> choices, std::string_view text) {
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
  std::string all;
  for (const std::string_view choice : choices) {
    if (!all.empty()) all += choice == choices.back() ? " or " : ", ";
    all += choice;
  }
  return invalid("expected " + all);
}

template <typename T>
Status check_bounds(const SchemaKey& key, std::string_view text,
                    Result<T> (*parse)(std::string_view)) {
  const Result<T> value = parse(text);
  if (!value) return fail(value.error());
  if (*value < parse(key.least).value() || *value > parse(key.most).value()) {
    return invalid("must be between " + std::string(key.least) + " and " + std::string(key.most));
  }
  return {};
}

template <typename T>
Status status_of(const Result<T>& parsed) {
  if (!parsed) return fail(parsed.error());
  return {};
}

Status check_type(const SchemaKey& key, std::string_view text) {
  switch (key.type) {
    case KeyType::kFile:
      if (text.empty()) return invalid("expected the path of a file");
      return {};
    case KeyType::kUrl:
      return status_of(key.parse_url(text));
    case KeyType::kAddress:
      return status_of(parse_address(text));
    case KeyType::kSize:
      return check_bounds(key, text, parse_size);
    case KeyType::kShare:
      return status_of(parse_disk_share(text));
    case KeyType::kDuration:
      return check_bounds(key, text, parse_duration);
    case KeyType::kSeconds:
      return check_bounds(key, text, parse_seconds);
    case KeyType::kCount:
      return check_bounds(key, text, parse_count);
    case KeyType::kChoice:
      return check_choice(key.choices, text);
    case KeyType::kText:
    case KeyType::kList:
    case KeyType::kMap:
      break;
  }
  return {};
}

}  // namespace

Status check_value(const SchemaKey& key, std::string_view text) {
  if (auto characters = check_characters(text); !characters) return characters;
  if (const uint32_t most = most_characters(key); most != 0 && characters(text) > most) {
    return invalid("at most " + std::to_string(most) + " characters");
  }
  if (auto type = check_type(key, text); !type) return type;
  return key.check == nullptr ? Status() : key.check(text);
}

std::string not_set(std::string_view what_to_set) {
  std::string message = "is required but not set";
  if (!what_to_set.empty()) message += "; set it to " + std::string(what_to_set);
  return message;
}

}  // namespace dualtrace

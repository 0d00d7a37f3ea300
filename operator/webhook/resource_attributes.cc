// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/resource_attributes.h"

namespace dualtrace::ctl {
namespace {

constexpr char kReferenced =
    '\x01';  // placeholder for an expanded reference; never in a pod's text

// The characters that W3C Baggage allows in a value, without those with a special meaning: "%",
// "=", and "+", which old SDKs decode as a space.
bool stands_for_itself(char c) {
  constexpr std::string_view kEncoded = "\",;\\%=+'";
  return c > ' ' && c < '\x7f' && kEncoded.find(c) == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) {
      return std::nullopt;
    }
    plain += static_cast<char>(16 * digit(text[i + 1]) + digit(text[i + 2]));
    i += 2;
  }
  return plain;
}

// Like the kubelet: "$$" becomes "$"; "$(" without an end, and "$" before anything else, stay
// unchanged.
std::optional<std::string> expanded(std::string_view text,
                                    const std::function<bool(std::string_view)>& is_word) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool last = i + 1 == text.size();
    if (text[i] != '$' || last) {
      result += text[i];
      continue;
    }
    const size_t end = text[i + 1] == '(' ? text.find(')', i) : std::string_view::npos;
    if (end != std::string_view::npos) {
      if (!is_word(text.substr(i + 2, end - i - 2))) return std::nullopt;
      result += kReferenced;
      i = end;
    } else {
      result += '$';
      if (text[i + 1] == '$') ++i;
    }
  }
  return result;
}

}  // namespace

std::string escape_references(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped.append(c == '$' ? 2 : 1, c);
  return escaped;
}

std::string encode_attribute(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (stands_for_itself(c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return escape_references(encoded);
}

std::optional<std::set<std::string>> keys_of(std::string_view text,
                                             const std::function<bool(std::string_view)>& is_word) {
  const auto whole = expanded(text, is_word);
  std::set<std::string> keys;
  if (!whole || trimmed(*whole).empty()) return whole ? std::optional(keys) : std::nullopt;
  std::string_view rest = *whole;
  while (true) {
    const std::string_view pair = rest.substr(0, rest.find(','));
    const size_t equal = pair.find('=');
    if (equal == std::string_view::npos) return std::nullopt;
    const auto key = decoded(trimmed(pair.substr(0, equal)));
    if (!key || key->empty() || key->find(kReferenced) != std::string::npos ||
        !decoded(pair.substr(equal + 1))) {
      return std::nullopt;
    }
    keys.insert(*key);
    if (pair.size() == rest.size()) return keys;
    rest.remove_prefix(pair.size() + 1);
  }
}

std::string join_attributes(const std::vector<Attribute>& attributes) {
  std::string text;
  for (const auto& [key, value] : attributes) {
    if (!text.empty()) text += ',';
    text += encode_attribute(key) + "=" + value;
  }
  return text;
}

}  // namespace dualtrace::ctl

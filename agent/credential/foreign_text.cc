// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/foreign_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "common/bytes/ascii.h"
#include "common/bytes/base64.h"

namespace dualtrace::agent {
namespace {

constexpr std::string_view kHidden = "(hidden)";
constexpr size_t kSecretBytesMin = 4;
// Escapes of escapes are followed for this many bytes.
constexpr size_t kNestedBytesMax = 16;

// A character as one or more bytes of the text express it.
struct Reading {
  char character;
  size_t bytes;
};
using Readings = std::vector<Reading>;

// The ASCII character whose number is all of `digits`.
std::optional<char> character_of(std::string_view digits, int base) {
  unsigned number = 0;
  const char* end = digits.data() + digits.size();
  const auto [read, error] = std::from_chars(digits.data(), end, number, base);
  constexpr unsigned kAsciiEnd = 0x80;
  if (error != std::errc() || read != end || number >= kAsciiEnd) return std::nullopt;
  return static_cast<char>(number);
}

// %3D, or %253D if it was encoded twice.
void read_percent(std::string_view text, Readings& readings) {
  constexpr std::string_view kPercent = "25";
  size_t at = 1;
  while (at + 2 <= std::min(text.size(), kNestedBytesMax)) {
    const auto character = character_of(text.substr(at, 2), 16);
    if (character) readings.push_back({*character, at + 2});
    if (text.substr(at, 2) != kPercent) return;
    at += 2;
  }
}

// \u003d, \x3d, \/, \", or the same with more backslashes if it was escaped several times.
void read_backslash(std::string_view text, Readings& readings) {
  if (text.starts_with("\\\\")) readings.push_back({'\\', 2});
  const size_t at = text.substr(0, kNestedBytesMax).find_first_not_of('\\');
  if (at == std::string_view::npos) return;
  const size_t digits = text[at] == 'u' ? 4 : text[at] == 'x' ? 2 : 0;
  if (digits == 0) {
    readings.push_back({text[at], at + 1});
  } else if (const auto character = character_of(text.substr(at + 1, digits), 16);
             character && at + 1 + digits <= text.size()) {
    readings.push_back({*character, at + 1 + digits});
  }
}

// &amp;, &#61;, &#x3d;
void read_entity(std::string_view text, Readings& readings) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNames{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  constexpr size_t kNameBytesMax = 8;
  const size_t end = text.substr(0, kNameBytesMax + 2).find(';');
  if (end == std::string_view::npos) return;
  const std::string_view name = text.substr(1, end - 1);
  for (const auto& [known, character] : kNames) {
    if (name == known) readings.push_back({character, end + 1});
  }
  if (!name.starts_with('#')) return;
  const bool hex = name.starts_with("#x") || name.starts_with("#X");
  const auto character = character_of(name.substr(hex ? 2 : 1), hex ? 16 : 10);
  if (character) readings.push_back({*character, end + 1});
}

// Everything that the start of the text may mean. It is not empty.
Readings readings_of(std::string_view text) {
  Readings readings{{text.front(), 1}};
  if (text.front() == '%') read_percent(text, readings);
  if (text.front() == '\\') read_backslash(text, readings);
  if (text.front() == '&') read_entity(text, readings);
  return readings;
}

bool may_start(char first, std::string_view form) {
  return first == form.front() || first == '%' || first == '\\' || first == '&';
}

// How many bytes at the start of the text express `form`, each character escaped in any way or not
// at all; 0: they do not. All meanings of an escape are followed together, since the secret may
// itself contain the characters of one.
size_t bytes_of(std::string_view form, std::string_view text) {
  if (!may_start(text.front(), form)) return 0;
  std::vector<size_t> ends{0};
  for (const char wanted : form) {
    std::vector<size_t> next;
    for (const size_t end : ends) {
      if (end == text.size()) continue;
      for (const Reading& reading : readings_of(text.substr(end))) {
        if (reading.character == wanted) next.push_back(end + reading.bytes);
      }
    }
    if (next.empty()) return 0;
    std::sort(next.begin(), next.end());
    next.erase(std::unique(next.begin(), next.end()), next.end());
    ends = std::move(next);
  }
  return ends.back();
}

// The characters of base64 that depend on `secret` alone if `before` other bytes precede it in the
// value. The characters at both ends may also depend on its neighbors.
std::string base64_within(std::string_view secret, size_t before) {
  const std::string encoded = encode_base64(std::string(before, ' ') + std::string(secret));
  const size_t first = (8 * before + 5) / 6;
  const size_t end = 8 * (before + secret.size()) / 6;
  return encoded.substr(first, end - first);
}

std::vector<std::string> forms_of(const std::vector<std::string>& secrets) {
  std::vector<std::string> forms;
  for (const std::string& secret : secrets) {
    if (secret.size() < kSecretBytesMin) continue;
    forms.push_back(secret);
    for (const size_t before : {0, 1, 2}) {
      std::string encoded = base64_within(secret, before);
      std::string for_urls = encoded;
      std::replace(for_urls.begin(), for_urls.end(), '+', '-');
      std::replace(for_urls.begin(), for_urls.end(), '/', '_');
      if (for_urls != encoded) forms.push_back(std::move(for_urls));
      forms.push_back(std::move(encoded));
    }
  }
  return forms;
}

}  // namespace

std::string readable(std::string_view text, const std::vector<std::string>& secrets,
                     size_t bytes_max) {
  const std::vector<std::string> forms = forms_of(secrets);
  std::string clean;
  // Secrets are replaced before the text is shortened: half of one would no longer be recognized.
  while (!text.empty() && clean.size() <= bytes_max) {
    size_t hidden = 0;
    for (const std::string& form : forms) hidden = std::max(hidden, bytes_of(form, text));
    const char first = text.front();
    if (hidden > 0) {
      clean += kHidden;
    } else {
      clean += is_control(first) ? ' ' : first;
    }
    text.remove_prefix(std::max<size_t>(hidden, 1));
  }
  size_t size = std::min(clean.size(), bytes_max);
  while (size > 0 && size < clean.size() && (clean[size] & 0xc0) == 0x80) --size;
  clean.resize(size);
  return clean;
}

}  // namespace dualtrace::agent

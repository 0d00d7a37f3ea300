// SPDX-License-Identifier: Apache-2.0
#include "operator/api/image_name.h"

#include <algorithm>

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kDefaultRegistry = "docker.io";
constexpr std::string_view kDefaultRegistryBefore = "index.docker.io";
constexpr size_t kTagBytesMax = 128;
constexpr size_t kDigestDigitsMin = 32;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_word(char c) { return is_lower_or_digit(c) || is_upper(c) || c == '_'; }

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; });
  return made;
}

template <typename Judge>
bool all_parts(std::string_view text, char separator, Judge judge) {
  while (true) {
    const size_t end = std::min(text.find(separator), text.size());
    if (!judge(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_host_label(std::string_view text) {
  const auto fits = [](char c) { return is_lower_or_digit(c) || is_upper(c) || c == '-'; };
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), fits);
}

bool is_registry(std::string_view text) {
  const size_t colon = std::min(text.find(':'), text.size());
  if (colon < text.size()) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos) {
      return false;
    }
  }
  return all_parts(text.substr(0, colon), '.', is_host_label);
}

// Lower-case letters and digits, with separators only between them.
bool is_path_component(std::string_view text, bool is_pattern) {
  const auto is_end = [&](char c) { return is_lower_or_digit(c) || (is_pattern && c == '*'); };
  if (text.empty() || !is_end(text.front()) || !is_end(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_end(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= kTagBytesMax && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view digits = text.substr(colon + 1);
  return digits.size() >= kDigestDigitsMin &&
         digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// The part before the first "/" is a registry if it could not be a component of a path.
bool names_registry(std::string_view first) {
  return first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
         std::any_of(first.begin(), first.end(), is_upper);
}

// `name`: without tag and digest.
Result<std::string> normal_form(std::string_view name, bool is_pattern) {
  std::string registry(kDefaultRegistry);
  const size_t slash = name.find('/');
  if (slash != std::string_view::npos && names_registry(name.substr(0, slash))) {
    registry = lower(name.substr(0, slash));
    name.remove_prefix(slash + 1);
    if (registry == kDefaultRegistryBefore) registry = kDefaultRegistry;
  }
  if (!is_registry(registry)) {
    return fail(ErrorKind::kInvalid, "its registry is not a host, or a host with a port");
  }
  std::string path(name);
  const bool one_part = path.find('/') == std::string::npos;
  if (registry == kDefaultRegistry && one_part && path != "**") path.insert(0, "library/");
  if (!all_parts(path, '/',
                 [&](std::string_view part) { return is_path_component(part, is_pattern); })) {
    return fail(ErrorKind::kInvalid,
                "its repository does not consist of lower-case letters and digits");
  }
  return registry + "/" + path;
}

}  // namespace

Result<std::string> repository_of(std::string_view image) {
  const size_t at = std::min(image.find('@'), image.size());
  if (at < image.size() && !is_digest(image.substr(at + 1))) {
    return fail(ErrorKind::kInvalid, "the part after \"@\" is not a digest");
  }
  image = image.substr(0, at);
  const size_t colon = image.rfind(':');
  const bool tagged =
      colon != std::string_view::npos && image.find('/', colon) == std::string_view::npos;
  if (tagged && !is_tag(image.substr(colon + 1))) {
    return fail(ErrorKind::kInvalid, "the part after \":\" is not a tag");
  }
  return normal_form(tagged ? image.substr(0, colon) : image, false);
}

Result<std::string> repository_pattern(std::string_view pattern) {
  if (pattern == "*") return std::string(pattern);
  const size_t slash = pattern.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? pattern : pattern.substr(slash);
  if (last.find_first_of(":@") != std::string_view::npos) {
    return fail(ErrorKind::kInvalid,
                "expected a repository without a tag or digest, such as registry.example/agents/*");
  }
  // "*/agent" would be interpreted as a repository of the default registry, which nobody means.
  const bool any_registry =
      slash != std::string_view::npos &&
      pattern.substr(0, pattern.find('/')).find('*') != std::string_view::npos;
  auto made = normal_form(pattern, true);
  if (!made || any_registry || pattern == "**") {
    return fail(ErrorKind::kInvalid,
                "expected a repository with its registry, such as registry.example/agents/*");
  }
  return made;
}

}  // namespace dualtrace::ctl

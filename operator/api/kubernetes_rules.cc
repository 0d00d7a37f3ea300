// SPDX-License-Identifier: Apache-2.0
#include "operator/api/kubernetes_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace dualtrace::ctl {
namespace {

constexpr size_t kNameMax = 253;
constexpr size_t kLabelMax = 63;
constexpr size_t kImageMax = 512;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_letter_or_digit(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }
bool is_label_character(char c) {
  return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
}

bool is_subdomain(std::string_view text) {
  if (text.size() > kNameMax) return false;
  while (true) {
    const std::string_view label = text.substr(0, text.find('.'));
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    const auto allowed = [](char c) { return is_lower_or_digit(c) || c == '-'; };
    if (!std::all_of(label.begin(), label.end(), allowed)) return false;
    if (label.size() == text.size()) return true;
    text.remove_prefix(label.size() + 1);
  }
}

bool is_label_text(std::string_view text) {
  return !text.empty() && text.size() <= kLabelMax && is_letter_or_digit(text.front()) &&
         is_letter_or_digit(text.back()) &&
         std::all_of(text.begin(), text.end(), is_label_character);
}

Failure invalid(std::string_view message) {
  return fail(ErrorKind::kInvalid, std::string(message));
}

// "kubernetes", "kubernetes.default", "https://kubernetes.default.svc", optionally followed by a
// cluster's domain, a port and slashes: the audiences that API servers accept by default.
bool is_api_server(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) {
      text.remove_prefix(scheme.size());
      break;
    }
  }
  while (text.ends_with('/')) text.remove_suffix(1);
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && colon + 1 < text.size() &&
      text.find_first_not_of("0123456789", colon + 1) == std::string_view::npos) {
    text = text.substr(0, colon);
  }
  return text == "kubernetes" || text == "kubernetes.default" || text == "kubernetes.default.svc" ||
         text.starts_with("kubernetes.default.svc.");
}

}  // namespace

Status check_object_name(std::string_view text) {
  if (is_subdomain(text)) return {};
  return invalid("expected a name of lower-case letters, digits, \"-\" and \".\"");
}

Status check_data_key(std::string_view text) {
  if (!text.empty() && text.size() <= kNameMax && text != "." && !text.starts_with("..") &&
      std::all_of(text.begin(), text.end(), is_label_character)) {
    return {};
  }
  return invalid("expected a key of letters, digits, \"-\", \"_\" and \".\"");
}

Status check_label_name(std::string_view text) {
  const size_t slash = text.find('/');
  const bool prefixed = slash != std::string_view::npos;
  if ((!prefixed || is_subdomain(text.substr(0, slash))) &&
      is_label_text(prefixed ? text.substr(slash + 1) : text)) {
    return {};
  }
  return invalid("expected a label's name, such as kubernetes.io/os");
}

Status check_label_value(std::string_view text) {
  if (text.empty() || is_label_text(text)) return {};
  return invalid("expected a label's value: at most 63 letters, digits, \"-\", \"_\" and \".\"");
}

Status check_audience(std::string_view text) {
  constexpr size_t kBytesMax = 256;
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (text.empty() || text.size() > kBytesMax ||
      !std::all_of(text.begin(), text.end(), printable)) {
    return invalid(
        "expected an audience of the federation policy, of printable characters without a space");
  }
  if (is_api_server(text)) {
    return invalid("is the API server's own audience; agents never get a token for it");
  }
  return {};
}

Status check_uid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const auto fits = [](char c, char form) {
    return form == '-' ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  };
  if (text.size() == kForm.size() &&
      std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), fits)) {
    return {};
  }
  return invalid(
      "expected the metadata.uid of an export, such as 1f0c8a52-6d1e-4c55-9b7e-3a4d5e6f7a8b");
}

Status check_image(std::string_view text) {
  const auto allowed = [](char c) {
    return is_label_character(c) || c == '/' || c == ':' || c == '@';
  };
  if (!text.empty() && text.size() <= kImageMax && is_letter_or_digit(text.front()) &&
      std::all_of(text.begin(), text.end(), allowed)) {
    return {};
  }
  return invalid("expected an image, such as registry.example/dualtrace-agent:1.0");
}

Status check_variable_name(std::string_view text) {
  const auto allowed = [](char c) { return is_label_character(c); };
  if (!text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
      std::all_of(text.begin(), text.end(), allowed)) {
    if (text.starts_with("DUALTRACE_")) {
      return invalid("is set by the operator itself; choose another name");
    }
    return {};
  }
  return invalid("expected a variable's name of letters, digits, \"-\", \"_\" and \".\"");
}

Status check_not_reserved(std::string_view name) {
  if (name.starts_with("container.apparmor.security.beta.kubernetes.io/")) {
    return invalid("would change how the agents are confined; remove it");
  }
  constexpr std::array<std::string_view, 4> kOurs = {
      "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component",
      "app.kubernetes.io/managed-by"};
  if (!name.starts_with("dualtrace.dev/") &&
      std::find(kOurs.begin(), kOurs.end(), name) == kOurs.end()) {
    return {};
  }
  return invalid("is set by the operator itself; choose another name");
}

Status check_count_or_percent(std::string_view text) {
  constexpr std::string_view kExpected =
      "expected a number of nodes, or a percentage of them from 0% to 100%, such as 10%";
  constexpr size_t kDigitsMax = 6;
  constexpr int kPercentMax = 100;
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && number >= 0 &&
                     text.size() <= kDigitsMax && text.front() != '-';
  if (!whole || (percent && number > kPercentMax)) return invalid(kExpected);
  return {};
}

Result<uint64_t> parse_cpu(std::string_view text) {
  constexpr std::string_view kExpected = "expected a CPU quantity such as 50m, 2 or 0.5";
  constexpr uint64_t kMost = 999'999;
  const std::string_view written = text;
  uint64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error != std::errc() || whole > kMost) return invalid(kExpected);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text == "m") return whole;
  uint64_t thousandths = whole * 1000;
  if (text.empty()) return thousandths;
  const std::string_view fraction = text.substr(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.front() != '.' || fraction.empty() || fraction.size() > 3 ||
      !is_digit(written.front()) || !std::all_of(fraction.begin(), fraction.end(), is_digit)) {
    return invalid(kExpected);
  }
  uint64_t weight = 100;
  for (const char digit : fraction) {
    thousandths += weight * static_cast<uint64_t>(digit - '0');
    weight /= 10;
  }
  return thousandths;
}

}  // namespace dualtrace::ctl

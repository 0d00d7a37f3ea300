// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_error.h"

#include <algorithm>
#include <charconv>

namespace dualtrace::kube {
namespace {

constexpr size_t kCausesMax = 8;
constexpr size_t kCauseBytesMax = 300;
constexpr size_t kMessageBytesMax = 500;
constexpr std::chrono::seconds kRetryAfterMax = std::chrono::hours(1);

// The answers to an apply with a field that the schema does not have, and to one on top of an
// object that was stored with a type that the schema does not allow. Both are 500s, but not the
// server's fault.
constexpr std::string_view kNoSuchField = "failed to create typed patch object";
constexpr std::string_view kStoredOtherwise = "failed to create typed live object";

ErrorKind kind_of(int code, const Json& status) {
  const std::string_view message = text_at(status, {"message"});
  if (message.starts_with(kNoSuchField) || message.starts_with(kStoredOtherwise)) {
    return ErrorKind::kInvalid;
  }
  switch (code) {
    case 400:
    case 405:
    case 406:
    case 415:
    case 422:
      return ErrorKind::kInvalid;
    case 401:
    case 403:
      return ErrorKind::kDenied;
    case 404:
      return ErrorKind::kNotFound;
    case 409:
      return ErrorKind::kConflict;
    case 410:
      return ErrorKind::kExpired;
    case 413:
      return ErrorKind::kExhausted;
    case 429:
      return ErrorKind::kThrottled;
    default:
      return code >= 500 ? ErrorKind::kUnavailable : ErrorKind::kInternal;
  }
}

// Cut between two UTF-8 characters.
std::string cut(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string field_of(const Json& cause) {
  const std::string_view field = text_at(cause, {"field"});
  return std::string(field.empty() || field == "<nil>" ? "(whole object)" : field);
}

// "spec.a: Invalid value: …; spec.b: Required value"
std::string causes_of(const Json& status, bool secret) {
  const Json& causes = array_at(status, {"details", "causes"});
  std::string text;
  for (size_t i = 0; i < std::min(causes.size(), kCausesMax); ++i) {
    if (i > 0) text += "; ";
    const std::string_view what = text_at(causes[i], {secret ? "reason" : "message"});
    text += field_of(causes[i]) + ": " + cut(what, kCauseBytesMax);
  }
  if (causes.size() > kCausesMax) {
    text += "; and " + std::to_string(causes.size() - kCausesMax) + " more";
  }
  return text;
}

std::string message_of(const Asked& asked, ErrorKind kind, const Json& status) {
  const bool secret = asked.type == kSecrets;
  std::string causes = causes_of(status, secret);
  // The message of a rejection repeats its causes.
  if (kind == ErrorKind::kInvalid) {
    if (!causes.empty()) return causes;
    if (secret) return cut(text_at(status, {"reason"}), kMessageBytesMax);
  }
  return cut(text_at(status, {"message"}), kMessageBytesMax);
}

}  // namespace

std::string Asked::prefix() const {
  std::string text(verb);
  text.append(" ").append(type.plural);
  if (!name.empty()) text.append(" ").append(name);
  return text.append(": ");
}

std::optional<std::chrono::seconds> retry_after_of(const HttpResponse& response) {
  const std::string_view text = response.header("retry-after");
  uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::min(std::chrono::seconds(seconds), kRetryAfterMax);
}

Error error_of(const Asked& asked, const HttpResponse& response) {
  const auto parsed = parse_json(response.body);
  const Json status = parsed && text_at(*parsed, {"kind"}) == "Status" ? *parsed : Json();
  Error error{kind_of(response.status, status), asked.prefix()};
  const std::string message = message_of(asked, error.kind, status);
  error.message += message.empty() ? "HTTP " + std::to_string(response.status) : message;
  if (const auto seconds = integer_at(status, {"details", "retryAfterSeconds"})) {
    error.retry_after =
        std::clamp(std::chrono::seconds(*seconds), std::chrono::seconds(0), kRetryAfterMax);
  }
  if (const auto after = retry_after_of(response)) error.retry_after = *after;
  return error;
}

}  // namespace dualtrace::kube

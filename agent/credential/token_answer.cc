// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/token_answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "agent/credential/foreign_text.h"
#include "common/net/retry_after.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kTextBytesMax = 300;
constexpr size_t kTokenBytesMax = 32 * 1024;
constexpr Duration kLifetimeUnknown = std::chrono::minutes(5);
constexpr Duration kLifetimeMax = std::chrono::hours(24);

// The two parts of an error, under the names that OAuth, Databricks and Okta use.
struct Said {
  std::string code{};
  std::string message{};
  [[nodiscard]] bool anything() const { return !code.empty() || !message.empty(); }
  [[nodiscard]] std::string text() const {
    return code.empty() || message.empty() ? code + message : code + ": " + message;
  }
};

Said read_error(const HttpResponse& response) {
  const auto root = parse_json(response.body);
  if (!root || response.cut) return {};
  const auto first_of = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      if (const std::string_view text = text_at(*root, {name}); !text.empty()) {
        return readable(text, response.secrets, kTextBytesMax);
      }
    }
    return std::string();
  };
  return {first_of({"error", "error_code", "errorCode"}),
          first_of({"error_description", "message", "errorSummary"})};
}

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

constexpr std::string_view kTokenEndpoint = "the token endpoint";

Failure unusable(std::string_view who, const std::string& message) {
  return fail(ErrorKind::kInvalid, std::string(who) + " " + message);
}

Error not_now(ErrorKind kind, std::string message, const HttpResponse& response, WallTime now) {
  Error error{kind, std::move(message)};
  error.retry_after = parse_retry_after(response.header("retry-after"), now);
  return error;
}

Error refusal(const HttpResponse& response, std::string_view who, WallTime now) {
  const int status = response.status;
  const Said said = read_error(response);
  std::string message = std::string(who) + " answered HTTP " + std::to_string(status) +
                        (said.anything() ? " " + said.text() : "");
  if (status == 429) return not_now(ErrorKind::kThrottled, std::move(message), response, now);
  if (status == 408 || status == 425 || status >= 500) {
    return not_now(ErrorKind::kUnavailable, std::move(message), response, now);
  }
  if (status >= 300 && status < 400) {
    return {ErrorKind::kInvalid, message + ", a redirect; check databricks.workspaceURL"};
  }
  if (!said.anything()) {
    // A gateway's page or an empty answer: it says nothing about the credential.
    if (status == 401 || status == 403) {
      return not_now(
          ErrorKind::kUnavailable,
          message +
              " without an error in a known format; check databricks.workspaceURL and the proxy",
          response, now);
    }
    return {ErrorKind::kInvalid, message + "; check databricks.workspaceURL"};
  }
  const bool of_us = status == 401 || status == 403 ||
                     is_one_of(said.code, {"invalid_client", "invalid_grant", "access_denied",
                                           "unauthorized_client", "invalid_token"});
  return {of_us ? ErrorKind::kDenied : ErrorKind::kInvalid, std::move(message)};
}

std::optional<Duration> lifetime_of(const Json& answer) {
  const Json* found = find(answer, {"expires_in"});
  double seconds = 0;
  if (found != nullptr && found->is_number()) {
    seconds = found->get<double>();
  } else {
    const std::string_view text = text_at(answer, {"expires_in"});
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  if (!std::isfinite(seconds) || seconds < 1) return std::nullopt;
  const double most = std::chrono::duration<double>(kLifetimeMax).count();
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::min(seconds, most)));
}

// Whether the token can be sent in a header.
bool is_sendable(std::string_view token) {
  return !token.empty() && token.size() <= kTokenBytesMax &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_bearer(std::string_view type) {
  constexpr std::string_view kBearer = "bearer";
  return type.empty() || (type.size() == kBearer.size() &&
                          std::equal(type.begin(), type.end(), kBearer.begin(),
                                     [](char a, char b) { return (a | 0x20) == b; }));
}

}  // namespace

Result<Json> read_json_answer(const HttpResponse& response, std::string_view who, WallTime now) {
  if (response.status < 200 || response.status >= 300) return fail(refusal(response, who, now));
  if (response.cut) return unusable(who, "answered with a body that is too large");
  auto root = parse_json(response.body);
  if (root && root->is_object()) return root;
  return unusable(who,
                  "answered with something other than JSON, for example a login page; check "
                  "databricks.workspaceURL and the proxy");
}

Result<AccessToken> read_token_answer(const HttpResponse& response, WallTime now) {
  const auto root = read_json_answer(response, kTokenEndpoint, now);
  if (!root) return fail(root.error());
  AccessToken token{.value = std::string(text_at(*root, {"access_token"})),
                    .lifetime = lifetime_of(*root)};
  if (token.value.empty()) return unusable(kTokenEndpoint, "answered without an access_token");
  if (!is_sendable(token.value)) {
    return unusable(kTokenEndpoint, "returned a token that cannot be sent in a header");
  }
  if (!is_bearer(text_at(*root, {"token_type"}))) {
    return unusable(kTokenEndpoint, "returned a token that is not a Bearer token");
  }
  return token;
}

Error no_answer(const Error& error, std::string_view who) {
  // A proxy's refusal (kDenied) says nothing about our credential.
  const bool ours = error.kind == ErrorKind::kInvalid || error.kind == ErrorKind::kDenied;
  return {ours ? ErrorKind::kInvalid : ErrorKind::kUnavailable,
          std::string(who) + " cannot be reached: " + readable(error.message, {}, kTextBytesMax),
          error.retry_after};
}

bool may_dislike_operations(const HttpResponse& response) {
  if (response.status < 400 || response.status >= 500) return false;
  const std::string text = read_error(response).text();
  const auto names = [&](std::string_view word) { return text.find(word) != std::string::npos; };
  return names("operations") || names("authorization_details") || names("authorization details");
}

Duration usable_for(const AccessToken& token, std::optional<WallTime> subject_expires,
                    const HttpResponse& response, WallTime now) {
  const WallTime there = parse_http_date(response.header("date")).value_or(now);
  Duration usable = token.lifetime.value_or(kLifetimeUnknown);
  if (!subject_expires) return usable;
  const Duration left = *subject_expires - there;
  // A token was issued, so the subject token was valid: one of the clocks must be wrong.
  if (left <= Duration(0)) return std::min(usable, kLifetimeUnknown);
  return token.lifetime ? std::min(usable, left) : std::min(kLifetimeUnknown, left);
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/jwt.h"

#include <algorithm>
#include <cmath>

#include "common/bytes/base64.h"
#include "common/json/json.h"
#include "common/time/years.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kBytesMax = 64 * 1024;
constexpr size_t kAudiencesMax = 8;

// With or without padding: both occur in practice.
std::optional<std::string> decode_base64url(std::string_view text) {
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  return decode_base64(standard);
}

// NumericDate: seconds, possibly with a fraction.
std::optional<WallTime> time_at(const Json& claims, std::string_view name) {
  using std::chrono::sys_seconds, std::chrono::year;
  constexpr sys_seconds kLastYearBegins = std::chrono::sys_days(year(kLastYear) / 1 / 1);
  constexpr auto kLast = static_cast<double>(kLastYearBegins.time_since_epoch().count());
  const Json* found = find(claims, {name});
  if (found == nullptr || !found->is_number()) return std::nullopt;
  const auto seconds = found->get<double>();
  if (!std::isfinite(seconds) || seconds < 0) return std::nullopt;
  return WallTime(std::chrono::seconds(static_cast<int64_t>(std::min(seconds, kLast))));
}

std::vector<std::string> audiences_of(const Json& claims) {
  if (const std::string_view one = text_at(claims, {"aud"}); !one.empty()) {
    return {std::string(one)};
  }
  std::vector<std::string> audiences;
  for (const Json& audience : array_at(claims, {"aud"})) {
    if (audience.is_string() && audiences.size() < kAudiencesMax) {
      audiences.push_back(audience.get<std::string>());
    }
  }
  return audiences;
}

}  // namespace

Result<JwtClaims> read_jwt(std::string_view token) {
  const auto no_jwt = [] { return fail(ErrorKind::kInvalid, "is not a JWT"); };
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (token.size() > kBytesMax || second == std::string_view::npos) return no_jwt();
  const auto payload = decode_base64url(token.substr(first + 1, second - first - 1));
  if (!payload) return no_jwt();
  const auto claims = parse_json(*payload);
  if (!claims || !claims->is_object()) return no_jwt();
  return JwtClaims{.issuer = std::string(text_at(*claims, {"iss"})),
                   .subject = std::string(text_at(*claims, {"sub"})),
                   .audiences = audiences_of(*claims),
                   .expires = time_at(*claims, "exp")};
}

}  // namespace dualtrace::agent

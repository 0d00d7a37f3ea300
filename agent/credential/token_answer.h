// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads the token endpoint's answers. The kind of an error tells the caller what to do: kDenied,
// the credential is refused; kInvalid, a problem that no other credential solves (a wrong URL, a
// login page, a TLS file); kThrottled and kUnavailable, a later request may succeed, after
// retry_after if set. Nothing in an answer is trusted. Errors do not contain its `secrets`.
// Pure. Thread-safe.

#include <optional>
#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/json/json.h"
#include "common/net/http_response.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct AccessToken {
  std::string value{};
  std::optional<Duration> lifetime{};  // expires_in; none if missing or invalid
  bool operator==(const AccessToken&) const = default;
};

// `now` is used for a Retry-After that is a date.
Result<AccessToken> read_token_answer(const HttpResponse& response, WallTime now);
// For any request to the same host: the JSON object, or an error as above. Messages start with
// `who`.
Result<Json> read_json_answer(const HttpResponse& response, std::string_view who, WallTime now);
// For a request without an answer: HttpSender's error as one of the kinds above. It is never about
// a credential.
[[nodiscard]] Error no_answer(const Error& error, std::string_view who);
// Whether a refusal may be caused by `operations` in the authorization details, which only recent
// token endpoints know.
[[nodiscard]] bool may_dislike_operations(const HttpResponse& response);

// How long the token may be used, counted from the request for it. An exchanged token expires no
// later than its subject token (`subject_expires`), whatever it claims. The time left is measured
// by the server's clock if the answer shows it, since ours may be minutes off. A token without a
// usable lifetime gets some minutes.
[[nodiscard]] Duration usable_for(const AccessToken& token, std::optional<WallTime> subject_expires,
                                  const HttpResponse& response, WallTime now);

}  // namespace dualtrace::agent

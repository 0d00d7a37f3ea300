// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the token endpoint said. Errors say what the caller may do about them: kDenied, the
// credential is refused; kInvalid, something stands in the way that no other credential helps
// against (a wrong URL, a login page, a TLS file); kThrottled and kUnavailable, it may pass later,
// after retry_after if there is one. Nothing that is read is trusted, and no error repeats a
// secret: whoever knows them passes the text through without_secrets().
// Pure. Thread-safe.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/json/json.h"
#include "common/net/http_response.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct AccessToken {
  std::string value{};
  std::optional<Duration> lifetime{};  // expires_in; none when it says nothing that makes sense
  bool operator==(const AccessToken&) const = default;
};

// `now` is for a Retry-After that is a date.
Result<AccessToken> read_token_answer(const HttpResponse& response, WallTime now);
// Of any request to the same host: the JSON object, or the error as above. `who` begins sentences.
Result<Json> read_json_answer(const HttpResponse& response, std::string_view who, WallTime now);
// There was no answer: HttpSender's error in the words above. Nothing of it is about a credential.
[[nodiscard]] Error no_answer(const Error& error, std::string_view who);
// A refusal that may be because of `operations` in the authorization details, which token endpoints
// do not know for long.
[[nodiscard]] bool may_dislike_operations(const HttpResponse& response);

// How long the token may be used, counted from the moment at which it was asked for. A token that
// was exchanged dies with the token it was exchanged for (`subject_expires`), whatever it says.
// That moment is measured by the server's clock where it shows it: ours may be minutes off. Tokens
// that say nothing of use get some minutes.
[[nodiscard]] Duration usable_for(const AccessToken& token, std::optional<WallTime> subject_expires,
                                  const HttpResponse& response, WallTime now);

// The text with each of these replaced, however it came into it.
[[nodiscard]] std::string without_secrets(std::string text,
                                          const std::vector<std::string>& secrets);

}  // namespace dualtrace::agent

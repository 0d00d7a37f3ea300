// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/token_answer.h"

#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNow{seconds(784'111'777)};  // Sun, 06 Nov 1994 08:49:37 GMT

HttpResponse said(int status, std::string body, HttpHeaders headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}
Result<AccessToken> read(const HttpResponse& response) { return read_token_answer(response, kNow); }
std::optional<Duration> lifetime(const std::string& expires_in) {
  return read(said(200, R"({"access_token":"t","expires_in":)" + expires_in + "}"))->lifetime;
}

TEST(TokenAnswer, GivesTheTokenAndHowLongItLives) {
  const auto token = read(
      said(200, R"({"access_token":"e.y.J","token_type":"Bearer","expires_in":3600,"scope":"x"})"));
  EXPECT_EQ(token.value(), (AccessToken{"e.y.J", seconds(3600)}));
}

TEST(TokenAnswer, ReadsALifetimeInEachFormThatIsMet) {
  EXPECT_EQ(lifetime("3600"), seconds(3600));
  EXPECT_EQ(lifetime("\"3600\""), seconds(3600));
  EXPECT_EQ(lifetime("3600.0"), seconds(3600));
  for (const char* nonsense : {"0", "-5", "\"soon\"", "\"\"", "null", "[]", "\"3600s\""}) {
    EXPECT_EQ(lifetime(nonsense), std::nullopt) << nonsense;
  }
  EXPECT_EQ(lifetime("1e300"), std::chrono::hours(24));
  EXPECT_EQ(read(said(200, R"({"access_token":"t"})"))->lifetime, std::nullopt);
}

TEST(TokenAnswer, SaysWhatTheCallerMayDo) {
  struct Case {
    int status;
    const char* body;
    ErrorKind kind;
  };
  for (const Case& each : {
           Case{401, R"({"error":"invalid_client","error_description":"no"})", ErrorKind::kDenied},
           Case{403, R"({"error_code":"403","message":"no"})", ErrorKind::kDenied},
           Case{400, R"({"error":"invalid_grant"})", ErrorKind::kDenied},
           Case{400, R"({"errorCode":"invalid_client","errorSummary":"no"})", ErrorKind::kDenied},
           Case{400, R"({"error":"invalid_scope"})", ErrorKind::kInvalid},
           Case{404, "<html>", ErrorKind::kInvalid},
           Case{302, "", ErrorKind::kInvalid},
           Case{307, "", ErrorKind::kInvalid},
           Case{403, "<html>blocked by the proxy</html>", ErrorKind::kUnavailable},
           Case{401, "", ErrorKind::kUnavailable},
           Case{408, "", ErrorKind::kUnavailable},
           Case{500, "{}", ErrorKind::kUnavailable},
           Case{502, "<html>", ErrorKind::kUnavailable},
           Case{503, "", ErrorKind::kUnavailable},
           Case{429, R"({"error":"invalid_client"})", ErrorKind::kThrottled},
           Case{200, "<html>sign in</html>", ErrorKind::kInvalid},
           Case{200, "", ErrorKind::kInvalid},
           Case{200, "[]", ErrorKind::kInvalid},
           Case{200, "{}", ErrorKind::kInvalid},
           Case{200, R"({"access_token":7})", ErrorKind::kInvalid},
           Case{200, R"({"access_token":"a\r\nb"})", ErrorKind::kInvalid},
           Case{200, R"({"access_token":"a b"})", ErrorKind::kInvalid},
           Case{200, R"({"access_token":"\u00e9"})", ErrorKind::kInvalid},
           Case{200, R"({"access_token":"t","token_type":"mac"})", ErrorKind::kInvalid},
       }) {
    const auto token = read(said(each.status, each.body));
    ASSERT_FALSE(token) << each.status << each.body;
    EXPECT_EQ(token.error().kind, each.kind) << each.status << " " << each.body;
    EXPECT_LT(token.error().message.size(), 900u);
  }
}

TEST(TokenAnswer, PassesTheEndpointsWordsOn) {
  const auto token =
      read(said(401, R"({"error":"invalid_client","error_description":"Client\nnot known"})"));
  EXPECT_EQ(token.error().message,
            "the token endpoint answered HTTP 401 invalid_client: Client not known");
}

TEST(TokenAnswer, HearsForHowLongToWait) {
  EXPECT_EQ(read(said(429, "", {{"retry-after", "7"}})).error().retry_after, seconds(7));
  EXPECT_EQ(
      read(said(503, "", {{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}})).error().retry_after,
      seconds(10));
  EXPECT_EQ(read(said(503, "")).error().retry_after, std::nullopt);
}

TEST(TokenAnswer, IsNotReadBeyondItsBounds) {
  HttpResponse huge = said(200, R"({"access_token":"t"})");
  huge.cut = true;
  EXPECT_EQ(read(huge).error().kind, ErrorKind::kInvalid);
  EXPECT_FALSE(read(said(200, R"({"access_token":")" + std::string(40'000, 't') + "\"}")));
  const auto token = read(said(400, R"({"error":")" + std::string(5000, 'e') + "\"}"));
  EXPECT_LT(token.error().message.size(), 700u);
}

TEST(TokenAnswer, TakesNoWordOfAProxyForTheEndpoints) {
  EXPECT_EQ(no_answer({ErrorKind::kDenied, "the proxy refuses"}, "it").kind, ErrorKind::kInvalid);
  EXPECT_EQ(no_answer({ErrorKind::kInvalid, "CA file"}, "it").kind, ErrorKind::kInvalid);
  EXPECT_EQ(no_answer({ErrorKind::kCancelled, "no answer"}, "it").kind, ErrorKind::kUnavailable);
  EXPECT_EQ(no_answer({ErrorKind::kUnavailable, "refused"}, "it").kind, ErrorKind::kUnavailable);
}

TEST(TokenAnswer, KnowsWhatMayBeADislikeOfOperations) {
  const auto dislikes = [](int status, const char* body) {
    return may_dislike_operations(said(status, body));
  };
  EXPECT_TRUE(dislikes(400, R"({"error":"invalid_request",
                                "error_description":"unknown field operations"})"));
  EXPECT_TRUE(dislikes(400, R"({"error":"invalid_authorization_details"})"));
  EXPECT_FALSE(dislikes(401, R"({"error":"invalid_client"})"));
  EXPECT_FALSE(dislikes(500, R"({"error":"operations"})"));
  EXPECT_FALSE(dislikes(400, "<html>operations</html>"));
}

TEST(TokenAnswer, EndsWithTheTokenItWasExchangedFor) {
  const AccessToken hour{"t", seconds(3600)};
  const AccessToken silent{"t", std::nullopt};
  const HttpResponse answer = said(200, "");
  EXPECT_EQ(usable_for(hour, std::nullopt, answer, kNow), seconds(3600));
  EXPECT_EQ(usable_for(hour, kNow + seconds(600), answer, kNow), seconds(600));
  EXPECT_EQ(usable_for(hour, kNow + seconds(7200), answer, kNow), seconds(3600));
  EXPECT_EQ(usable_for(silent, std::nullopt, answer, kNow), minutes(5));
  EXPECT_EQ(usable_for(silent, kNow + seconds(60), answer, kNow), seconds(60));
}

// A node clock that is ten minutes off must not make a valid token look expired, or vice versa.
TEST(TokenAnswer, MeasuresTheSubjectsEndByTheServersClock) {
  const AccessToken hour{"t", seconds(3600)};
  const HttpResponse answer = said(200, "", {{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}});
  for (const WallTime ours : {kNow - minutes(10), kNow, kNow + minutes(10)}) {
    EXPECT_EQ(usable_for(hour, kNow + seconds(600), answer, ours), seconds(600));
  }
  const HttpResponse undated = said(200, "");
  EXPECT_EQ(usable_for(hour, kNow - seconds(1), undated, kNow), minutes(5))
      << "a token was issued, so the credential was good";
}

}  // namespace
}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "common/config/credential_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "common/bytes/base64.h"

namespace dualtrace {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CredentialText, PassesWhatIsIssued) {
  for (const char* text :
       {"ak-0123-abcd", "dapi0123456789abcdef", "eyJhbGciOi.J9.sig-_~+/=", "x"}) {
    EXPECT_TRUE(check_credential(text)) << text;
  }
}

TEST(CredentialText, SaysWhichSlipItIsWithoutRepeatingIt) {
  struct Slip {
    std::string text;
    const char* says;
  };
  for (const Slip& slip :
       {Slip{"", "is empty"},
        Slip{"\xEF\xBB\xBF"
             "ak-secret",
             "byte order mark"},
        Slip{"ak-secret\n1", "control character"}, Slip{"ak-secr\xC3\xA9t", "outside ASCII"},
        Slip{"\"ak-secret\"", "in quotes"}, Slip{"'ak-secret'", "in quotes"},
        Slip{"Bearer dapi-secret", "Bearer"}, Slip{"U3BhY2U6MTpkZW1v", "is a space id"},
        Slip{"<your-secret>", "placeholder"}, Slip{"${SECRET_secr}", "placeholder"},
        Slip{"{{ secret }}", "placeholder"}, Slip{"dapi-secret...", "placeholder"},
        Slip{"changeme", "placeholder"}, Slip{"TOKEN=dapi-secret", "name and ="},
        Slip{"{\"token\":\"dapi-secret\"}", "JSON"},
        Slip{"ZXlKaGJHY2lPaUpTVXpJMU5pSjkuc2VjcmV0", "base64-encoded twice"},
        Slip{"YWstc2VjcmV0LTE=", "base64-encoded twice"},
        Slip{"ZGFwaS1zZWNyZXQ=", "base64-encoded twice"}}) {
    const Status checked = check_credential(slip.text);
    ASSERT_FALSE(checked) << slip.text;
    EXPECT_THAT(checked.error().message, HasSubstr(slip.says));
    EXPECT_THAT(checked.error().message, Not(HasSubstr("secr")));
  }
}

// {"iss":"https://kubernetes.default.svc","sub":"system:serviceaccount:shop:default"}, bound; and
// the token of a Secret: {"iss":"kubernetes/serviceaccount",…}.
TEST(CredentialText, NeverTakesTheTokenOfAServiceAccount) {
  const auto token = [](std::string payload) {
    std::string text = encode_base64(payload);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.resize(text.find_last_not_of('=') + 1);
    return "eyJhbGciOiJSUzI1NiJ9." + text + ".c2lnbmF0dXJl";
  };
  for (const char* payload :
       {R"({"iss":"https://kubernetes.default.svc","sub":"system:serviceaccount:shop:default"})",
        R"({"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"shop",)"
        R"("sub":"system:serviceaccount:shop:default"})"}) {
    const Status checked = check_credential(token(payload));
    ASSERT_FALSE(checked) << payload;
    EXPECT_THAT(checked.error().message, HasSubstr("ServiceAccount token"));
  }
  for (const char* payload :
       {R"({"iss":"https://idp.example","sub":"someone"})", "{}", "no JSON"}) {
    EXPECT_TRUE(check_credential(token(payload))) << payload;
  }
}

TEST(CredentialText, KnowsTheTwoHalvesOfAServicePrincipalApart) {
  EXPECT_TRUE(check_client_secret("dose0123456789abcdef"));
  const Status swapped = check_client_secret("6f1c2f6e-1111-4e1a-9d3c-0123456789ab");
  ASSERT_FALSE(swapped);
  EXPECT_THAT(swapped.error().message, HasSubstr("swapped"));
  EXPECT_FALSE(check_client_secret("\"dose0123\""));
}

}  // namespace
}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/config/credential_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/bytes/base64.h"
#include "common/certs/certificate.h"
#include "common/config/credential_part.h"

namespace dualtrace {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CredentialText, PassesWhatIsIssued) {
  for (const char* text :
       {"ak-0123-abcd", "ak-2b7c0e52-1111-4e1a-9d3c-0123456789ab-Vq_xxxxxx-7RZk1mT0bYcJ4wHdN3s9",
        "dapi0123456789abcdef0123456789abcdef", "dapi0123456789abcdef0123456789abcdef-3",
        "dose0123456789abcdef0123456789abcdef", "eyJhbGciOi.J9.sig-_~+/=", "x",
        "0123456789abcdef0123456789abcdef01234567", "nullify", "todos", "yours", "myriad-4"}) {
    EXPECT_TRUE(check_credential(text)) << text;
  }
}

// Part of every text that looks like a value, and of no message.
constexpr const char* kMarker = "q7zk";

struct Slip {
  std::string text;
  const char* says;
};

std::string encoded(std::string text, int times) {
  for (int i = 0; i < times; ++i) text = encode_base64(text);
  return text;
}

void expect_refused(CheckCredential check, const Slip& slip) {
  const Status checked = check(slip.text);
  ASSERT_FALSE(checked) << slip.text;
  EXPECT_THAT(checked.error().message, HasSubstr(slip.says)) << slip.text;
  EXPECT_THAT(checked.error().message, Not(HasSubstr(kMarker))) << slip.text;
}

// Whatever the kind of the value.
const std::vector<Slip> kCopied = {
    {"", "is empty"},
    {"\xEF\xBB\xBF"
     "ak-s",
     "byte order mark"},
    {"dapi-\nx", "control character"},
    {"\"dapi-q7zk\"", "in quotes"},
    {"'dapi-q7zk'", "in quotes"},
    {"`dapi-q7zk`", "in quotes"},
    {"\"dapi-q7zk", "in quotes"},
    {"dapi-q7zk'", "in quotes"},
    {"dapi-q7zk\",", "in quotes"},
    {"\xE2\x80\x9C"
     "dapi-q7zk\xE2\x80\x9D",
     "in quotes"},
    {"TOKEN=dapi-q7zk", "name and ="},
    {"Bearer:dapi-q7zk", "a colon"},
    {"token:dapi-q7zk", "a colon"},
    {"token: dapi-q7zk", "a colon"},
    {"{\"token\":\"dapi-q7zk\"}", "JSON"},
    {"[\"dapi-q7zk\"]", "JSON"},
    {"ENC[AES256_GCM,data:q7zk,iv:abc,tag:abc,type:str]", "encrypted"},
    {"op://vault/q7zk", "reference"},
    {"vault:q7zk/data#key", "reference"},
    {"arn:aws:secretsmanager:eu-west-1:1:q7zk:x", "reference"},
    {"projects/1/q7zk/x/versions/1", "reference"},
    {"<your-q7zk>", "placeholder"},
    {"${SECRET_q7zk}", "placeholder"},
    {"$(SECRET)", "placeholder"},
    {"$ARIZE_API_KEY", "placeholder"},
    {"%ARIZE_API_KEY%", "placeholder"},
    {"{{ q7zk }}", "placeholder"},
    {"[REDACTED]", "placeholder"},
    {"dapi-q7zk...", "placeholder"},
    {"dapiXXXXXXXX", "placeholder"},
    {"ak-xxxxxxxx-xxxx-xxxx", "placeholder"},
    {"dapi********", "placeholder"},
    {"YOUR_API_KEY", "placeholder"},
    {"your-api-key", "placeholder"},
    {"your-databricks-token-here", "placeholder"},
    {"YOUR_CLIENT_ID", "placeholder"},
    {"my-token", "placeholder"},
    {"changeme", "placeholder"},
    {"CHANGEME", "placeholder"},
    {"change-me", "placeholder"},
    {"REPLACE_ME", "placeholder"},
    {"replace-with-your-key", "placeholder"},
    {"placeholder", "placeholder"},
    {"todo", "placeholder"},
    {"null", "placeholder"},
    {"None", "placeholder"},
    {"undefined", "placeholder"},
    {encoded("ak-q7zk", 1), "base64-encoded twice"},
    {encoded("dapi-q7zk\n", 1), "base64-encoded twice"},
    {encoded("dose-q7zk", 2), "base64-encoded twice"},
    {encoded("eyJhbGciOiJSUzI1NiJ9.q7zk", 3), "base64-encoded twice"},
    {encoded("TOKEN='dapi-q7zk'", 1), "base64-encoded twice"},
    {encoded("Space:1:demo", 2), "base64-encoded twice"},
    {encoded("6f1c2f6e-1111-4e1a-9d3c-0123456789ab", 1), "base64-encoded twice"},
};

TEST(CredentialText, SaysWhichSlipItIsWithoutRepeatingIt) {
  using enum CredentialPart;
  for (const Slip& slip : kCopied) {
    for (const CredentialPart part : {kAPIKey, kSpaceID, kToken, kClientID, kClientSecret}) {
      expect_refused(check_of(part), slip);
    }
  }
}

// A space's name may have these, and is refused as a name.
TEST(CredentialText, RefusesWhatNoHeaderCarries) {
  using enum CredentialPart;
  for (const Slip& slip :
       {Slip{"dapi-q7zk\xC3\xA9t", "outside ASCII"}, Slip{"Bearer dapi-q7zk", "Bearer"},
        Slip{"U3BhY2U6MTpkZW1v", "is a space id"}, Slip{"API_KEY=abc", "name and ="},
        Slip{"dapi-q7zk\\n", "backslash"}, Slip{"dapi,q7zk", "no key or token has"},
        Slip{"q7zk=.x", "name and ="}, Slip{"(dapi-q7zk)", "no key or token has"},
        Slip{"q7zk@example", "no key or token has"}}) {
    for (const CredentialPart part : {kAPIKey, kToken, kClientSecret}) {
      expect_refused(check_of(part), slip);
    }
  }
}

TEST(CredentialText, KnowsTheCredentialsOfTheOtherDestination) {
  using enum CredentialPart;
  for (const char* text : {"dapi0123456789abcdef", "dose0123456789abcdef"}) {
    expect_refused(check_of(kAPIKey), {text, "Databricks credential"});
  }
  expect_refused(check_of(kToken), {"ak-1", "Arize API key"});
  expect_refused(check_of(kToken), {"dose0123456789abcdef", "OAuth"});
  expect_refused(check_of(kClientSecret), {"ak-1", "Arize API key"});
  expect_refused(check_of(kClientSecret), {"dapi0123456789abcdef-2", "access token"});
  expect_refused(check_of(kSpaceID), {"ak-1", "is an API key"});
  // An Arize key without a prefix may begin with any letters.
  for (const char* text : {"dapiF00dCafe0123456789", "dapi0123", "dose-bad-0123456789"}) {
    EXPECT_TRUE(check_of(kAPIKey)(text)) << text;
  }
}

TEST(CredentialText, TellsASpacesNameFromASlip) {
  for (const char* name : {"my team", "Bob's space", "my_team", "a=b", "\xC3\xA9quipe"}) {
    EXPECT_TRUE(check_space_id_text(name)) << name;
    expect_refused(check_of(CredentialPart::kSpaceID), {name, "not a space id"});
  }
  EXPECT_TRUE(check_of(CredentialPart::kSpaceID)("U3BhY2U6MTpkZW1v"));
  expect_refused(check_space_id_text, {"U3BhY2U6MTpkZW1v\\n", "backslash"});
}

TEST(CredentialText, TakesAsAnAuthorityWhatHasACertificate) {
  const auto authority = make_authority("company", WallTime(), std::chrono::hours(1));
  const CheckCredential check = check_of(CredentialPart::kAuthority);
  EXPECT_TRUE(check(authority->certificate.pem));
  EXPECT_TRUE(check("# of the company\n" + authority->certificate.pem + "and more"));
  for (const std::string& text : {std::string("…"), authority->key, std::string("q7zk")}) {
    expect_refused(check, {text, "no PEM certificate"});
  }
  expect_refused(check, {authority->key, "private key"});
}

TEST(CredentialText, HasAFingerprintThatTellsNoPassword) {
  using enum CredentialPart;
  for (const CredentialPart part : {kAuthority, kAPIKey, kSpaceID, kToken, kClientSecret}) {
    EXPECT_EQ(fingerprint_of(part, "abc"), "ba7816bf");
  }
  for (const CredentialPart part : {kProxyUsername, kProxyPassword}) {
    EXPECT_EQ(fingerprint_of(part, "abc"), "ba7") << "people choose these: they can be guessed";
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

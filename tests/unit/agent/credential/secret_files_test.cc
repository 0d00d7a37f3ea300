// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/secret_files.h"

#include <gtest/gtest.h>

#include <utility>

#include "common/config/credential_text.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/unit/agent/credential/jwts.h"

namespace dualtrace::agent {
namespace {

using report::CredentialState;

struct Secrets : testing::Test {
  Secrets() { EXPECT_TRUE(files.make_folders("/secret")); }
  void write(const std::string& name, std::string_view content) {
    ASSERT_TRUE(write_file(files, "/secret/" + name, content));
  }
  SecretLook look(CredentialPart part, CheckCredential check = check_credential) {
    return SecretFiles({{part, "/secret/key", check}}, files).look();
  }

  MemoryFileSystem files;
};

TEST_F(Secrets, LoseTheWhiteSpaceAroundThem) {
  write("key", " ak-1-2\r\n");
  EXPECT_EQ(look(CredentialPart::kAPIKey).secret->values, std::vector<std::string>{"ak-1-2"});
}

// By it, the operator sees whether the file is still the Secret's.
TEST_F(Secrets, HaveAFingerprintIfTheyCannotBeUsed) {
  EXPECT_EQ(look(CredentialPart::kToken).found[0].unusable_fingerprint, "");
  write("key", " \"hunter2\"\n");
  EXPECT_EQ(look(CredentialPart::kToken).found[0].unusable_fingerprint,
            fingerprint_of(CredentialPart::kToken, "\"hunter2\""));
  write("key", "hunter2");
  EXPECT_EQ(look(CredentialPart::kToken).found[0].unusable_fingerprint, "");
}

TEST_F(Secrets, AreMissingOrOfNoUseAndSaySoWithoutRepeatingThem) {
  EXPECT_EQ(look(CredentialPart::kToken).found[0].state, CredentialState::kMissing);
  for (const std::string& content :
       {std::string(), std::string(" \n"), std::string("hun\nter2"), std::string("hun\0ter2", 8),
        std::string("\"hunter2\""), std::string("Bearer hunter2"), std::string("${hunter2}"),
        std::string(64 * 1024 + 1, 'x')}) {
    write("key", content);
    const SecretLook seen = look(CredentialPart::kToken);
    EXPECT_EQ(seen.secret, nullptr);
    EXPECT_EQ(seen.found[0].state, CredentialState::kUnusable);
    EXPECT_EQ(seen.found[0].why.find("ter2"), std::string::npos);
    EXPECT_NE(seen.found[0].why.find("/secret/key"), std::string::npos);
    EXPECT_LT(seen.found[0].why.size(), 200u);
  }
}

// Changes both files of a Secret after the first one was read.
MemoryFileSystem* changed_between_reads = nullptr;
Status check_and_change(std::string_view /*text*/) {
  if (MemoryFileSystem* files = std::exchange(changed_between_reads, nullptr)) {
    EXPECT_TRUE(write_file(*files, "/secret/s", "new-secret"));
    EXPECT_TRUE(write_file(*files, "/secret/i", "new-id"));
  }
  return {};
}

TEST_F(Secrets, AreNeverHalfOldAndHalfNew) {
  write("s", "old-secret");
  write("i", "old-id");
  changed_between_reads = &files;
  const SecretLook seen =
      SecretFiles({{CredentialPart::kClientSecret, "/secret/s", check_and_change},
                   {CredentialPart::kClientID, "/secret/i", check_credential}},
                  files)
          .look();
  EXPECT_EQ(changed_between_reads, nullptr);
  ASSERT_NE(seen.secret, nullptr);
  EXPECT_EQ(seen.secret->values, (std::vector<std::string>{"new-secret", "new-id"}));
}

TEST_F(Secrets, AreOneVersionOnlyWhenEachFileCanBeUsed) {
  const SecretFiles both({{CredentialPart::kClientSecret, "/secret/s", check_credential},
                          {CredentialPart::kClientID, "/secret/i", check_credential}},
                         files);
  write("s", "abc");
  EXPECT_EQ(both.look().secret, nullptr);
  write("i", "6f-1");
  const SecretLook seen = both.look();
  ASSERT_NE(seen.secret, nullptr);
  EXPECT_EQ(seen.secret->fingerprints.at(0), "ba7816bf");  // the example in the SHA-256 standard
  EXPECT_EQ(seen.secret->values.at(1), "6f-1");
}

TEST_F(Secrets, ShowTheEndOfATokenThatIsAJwt) {
  write("key", projected_token(1'700'000'000, 1, "agents@example.com"));
  EXPECT_EQ(look(CredentialPart::kToken).secret->expires,
            WallTime(std::chrono::seconds(1'700'000'000)));
  write("key", "dapi0123");
  EXPECT_EQ(look(CredentialPart::kToken).secret->expires, std::nullopt);
}

TEST_F(Secrets, OfServiceAccountsAreSentToNoDestination) {
  write("key", projected_token(1'700'000'000));
  EXPECT_EQ(look(CredentialPart::kToken).secret, nullptr);
  EXPECT_NE(look(CredentialPart::kProjectedToken, check_projected_token).secret, nullptr);
}

TEST_F(Secrets, StayTheSameCredentialWhenTheKubeletRenewsTheToken) {
  write("key", projected_token(1'700'000'000, 1));
  const auto first = look(CredentialPart::kProjectedToken, check_projected_token).secret;
  write("key", projected_token(1'700'003'600, 2));
  const auto second = look(CredentialPart::kProjectedToken, check_projected_token).secret;
  write("key", projected_token(1'700'003'600, 2, "system:serviceaccount:a:other"));
  const auto other = look(CredentialPart::kProjectedToken, check_projected_token).secret;
  EXPECT_NE(first->values, second->values);
  EXPECT_TRUE(first->is_same_credential(*second));
  EXPECT_FALSE(first->is_same_credential(*other));
  EXPECT_EQ(first->expires, std::nullopt) << "it renews itself";
  EXPECT_EQ(first->identity->subject, "system:serviceaccount:a:b");
  write("key", "dapi0123");
  EXPECT_EQ(look(CredentialPart::kProjectedToken, check_projected_token).secret, nullptr);
}

}  // namespace
}  // namespace dualtrace::agent

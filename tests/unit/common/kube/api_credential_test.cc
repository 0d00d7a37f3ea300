// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_credential.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::kube {
namespace {

using std::chrono::seconds;

struct CredentialTest : testing::Test {
  void SetUp() override { ASSERT_TRUE(files.make_folders("/t")); }
  void write_token(const std::string& text) { ASSERT_TRUE(write_file(files, "/t/token", text)); }

  FakeClock clock;
  MemoryFileSystem files;
  std::unique_ptr<ApiCredential> of_file = make_api_credential(
      {.server = {}, .token_file = "/t/token", .token = "unused"}, files, clock);
};

TEST_F(CredentialTest, IsWhatTheConfigurationHas) {
  const auto shown = [&](const ClientConfig& config) {
    return make_api_credential(config, files, clock)->current()->authorization;
  };
  EXPECT_EQ(shown({.server = {}}), "");
  EXPECT_EQ(shown({.server = {}, .token = "abc", .username = "u"}), "Bearer abc");
  EXPECT_EQ(shown({.server = {}, .username = "joe", .password = "pass"}), "Basic am9lOnBhc3M=");
}

TEST_F(CredentialTest, ReadsItsFileAgainAfterAMinute) {
  write_token("one\n");
  EXPECT_EQ(of_file->current()->authorization, "Bearer one");
  write_token("two");
  clock.advance(seconds(59));
  EXPECT_EQ(of_file->current()->authorization, "Bearer one");
  clock.advance(seconds(1));
  EXPECT_EQ(of_file->current()->authorization, "Bearer two");
}

TEST_F(CredentialTest, ReadsItsFileAgainWhenItWasRefused) {
  write_token("one");
  EXPECT_EQ(of_file->current()->authorization, "Bearer one");
  write_token("two");
  of_file->refused();
  EXPECT_EQ(of_file->current()->authorization, "Bearer two");
}

TEST_F(CredentialTest, KeepsItsTokenWhileTheFileCannotBeRead) {
  write_token("one");
  EXPECT_TRUE(of_file->current());
  ASSERT_TRUE(files.remove("/t/token"));
  clock.advance(seconds(60));
  EXPECT_EQ(of_file->current()->authorization, "Bearer one");
  write_token(" \n");
  clock.advance(seconds(60));
  EXPECT_EQ(of_file->current()->authorization, "Bearer one");
}

TEST_F(CredentialTest, SaysThatThereIsNoToken) {
  const auto missing = of_file->current();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kDenied);
  EXPECT_NE(missing.error().message.find("/t/token"), std::string::npos);
  write_token("\n");
  EXPECT_EQ(of_file->current().error().message, "the token file /t/token is empty");
  write_token("now");
  EXPECT_EQ(of_file->current()->authorization, "Bearer now");
}

}  // namespace
}  // namespace dualtrace::kube

// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/certificates.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/sandbox/files.h"

namespace dualtrace::sandbox {
namespace {

TEST(Certificates, KeepTheAuthorityAndRenewTheServer) {
  const std::string folder = testing::TempDir() + "/certificates_test";
  std::filesystem::create_directories(folder);
  const auto first = prepare_certificates(folder, {"localhost", "127.0.0.1", "::1"});
  ASSERT_TRUE(first) << first.error().message;
  const std::string authority = *read_text(folder + "/ca.pem");
  const std::string server = *read_text(first->certificate_file);
  ASSERT_TRUE(prepare_certificates(folder, {"other.example"}));
  EXPECT_EQ(*read_text(folder + "/ca.pem"), authority);
  EXPECT_NE(*read_text(first->certificate_file), server);
  std::filesystem::remove_all(folder);
}

TEST(Certificates, SayWhatIsWrongWithAnAuthority) {
  const std::string folder = testing::TempDir() + "/wrong_authority_test";
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(write_text(folder + "/ca.pem", "no certificate"));
  ASSERT_TRUE(write_text(folder + "/ca-key.pem", "no key"));
  const auto prepared = prepare_certificates(folder, {"localhost"});
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().message, folder + "/ca.pem: not a certificate in PEM");
  std::filesystem::remove_all(folder);
}

TEST(Files, ReadLinesWithoutBlanks) {
  const std::string path = testing::TempDir() + "/files_test";
  ASSERT_TRUE(write_text(path, " one \r\n\ntwo"));
  EXPECT_EQ(*read_lines(path), (std::vector<std::string>{"one", "two"}));
  ASSERT_TRUE(write_text(path, ""));
  EXPECT_EQ(read_lines(path)->size(), 0u);
  std::filesystem::remove(path);
  EXPECT_FALSE(read_lines(path));
}

}  // namespace
}  // namespace dualtrace::sandbox

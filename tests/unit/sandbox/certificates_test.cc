// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/certificates.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/fakes/temporary_folder.h"
#include "tests/sandbox/files.h"

namespace dualtrace::sandbox {
namespace {

TEST(Certificates, KeepTheAuthorityAndRenewTheServer) {
  const TemporaryFolder temporary;
  const std::string folder = temporary.path();
  const auto first = prepare_certificates(folder, {"localhost", "127.0.0.1", "::1"});
  ASSERT_TRUE(first) << first.error().message;
  const std::string authority = *read_text(folder + "/ca.pem");
  const std::string server = *read_text(first->certificate_file);
  ASSERT_TRUE(prepare_certificates(folder, {"other.example"}));
  EXPECT_EQ(*read_text(folder + "/ca.pem"), authority);
  EXPECT_NE(*read_text(first->certificate_file), server);
}

TEST(Certificates, SayWhatIsWrongWithAnAuthority) {
  const TemporaryFolder temporary;
  const std::string folder = temporary.path();
  ASSERT_TRUE(write_text(folder + "/ca.pem", "no certificate"));
  ASSERT_TRUE(write_text(folder + "/ca-key.pem", "no key"));
  const auto prepared = prepare_certificates(folder, {"localhost"});
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().message, folder + "/ca.pem: not a certificate in PEM");
}

TEST(Files, ReadLinesWithoutBlanks) {
  const TemporaryFolder temporary;
  const std::string path = temporary.path() / "lines";
  ASSERT_TRUE(write_text(path, " one \r\n\ntwo"));
  EXPECT_EQ(*read_lines(path), (std::vector<std::string>{"one", "two"}));
  ASSERT_TRUE(write_text(path, ""));
  EXPECT_EQ(read_lines(path)->size(), 0u);
  std::filesystem::remove(path);
  EXPECT_FALSE(read_lines(path));
}

}  // namespace
}  // namespace dualtrace::sandbox

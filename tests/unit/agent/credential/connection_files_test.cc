// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/connection_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/certs/certificate.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {
namespace {

using report::CredentialState;
using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

struct ConnectionFilesTest : testing::Test {
  ConnectionFilesTest() { EXPECT_TRUE(files.make_folders("/mounted")); }
  void write(const std::string& name, std::string_view content) {
    ASSERT_TRUE(write_file(files, "/mounted/" + name, content));
  }
  void start(std::vector<ConnectionFiles::File> wanted) {
    connection_files = std::make_unique<ConnectionFiles>(ConnectionFiles::Parts{
        .wanted = std::move(wanted), .files = files, .scheduler = scheduler, .changed = [this] {
          ++changes;
        }});
    connection_files->start();
  }
  void start_with_authority() { start({{CredentialPart::kAuthority, "/mounted/ca.crt"}}); }
  report::ConnectionFile first() { return connection_files->found().at(0); }
  report::ConnectionFile after_change(const std::string& name, std::string_view content) {
    write(name, content);
    scheduler.run_for(seconds(10));
    return first();
  }

  MemoryFileSystem files;
  FakeClock clock;
  FakeScheduler scheduler{clock};
  int changes = 0;
  std::unique_ptr<ConnectionFiles> connection_files;
};

TEST_F(ConnectionFilesTest, AreJudgedAtTheStartAndAtEachChange) {
  start_with_authority();
  EXPECT_EQ(first().part, CredentialPart::kAuthority);
  EXPECT_EQ(first().state, CredentialState::kMissing);
  EXPECT_EQ(first().fingerprint, "");
  EXPECT_THAT(first().why, HasSubstr("/mounted/ca.crt"));
  EXPECT_EQ(changes, 0);

  const auto unusable = after_change("ca.crt", "hunter2\n");
  EXPECT_EQ(unusable.state, CredentialState::kUnusable);
  EXPECT_THAT(unusable.why, HasSubstr("file /mounted/ca.crt: contains no PEM certificate"));
  EXPECT_EQ(unusable.why.find("hunter2"), std::string::npos);
  EXPECT_EQ(unusable.fingerprint, fingerprint_of(CredentialPart::kAuthority, "hunter2"));
  EXPECT_EQ(changes, 1);

  const auto authority = make_authority("company", WallTime(), hours(24));
  const auto key = after_change("ca.crt", authority->key);
  EXPECT_EQ(key.state, CredentialState::kUnusable);
  EXPECT_THAT(key.why, HasSubstr("contains a private key but no PEM certificate"));

  const auto next = make_authority("company", WallTime(), hours(48));
  const auto usable =
      after_change("ca.crt", next->certificate.pem + authority->certificate.pem + "\n");
  EXPECT_EQ(usable.state, CredentialState::kLoaded);
  EXPECT_EQ(usable.why, "");
  EXPECT_EQ(usable.expires, authority->certificate.not_after);
  EXPECT_EQ(usable.all_expired, next->certificate.not_after);
  EXPECT_EQ(changes, 3);
  scheduler.run_for(seconds(60));
  EXPECT_EQ(changes, 3) << "nothing has changed";

  ASSERT_TRUE(files.remove("/mounted/ca.crt"));
  scheduler.run_for(seconds(10));
  EXPECT_EQ(first().state, CredentialState::kMissing);
  EXPECT_EQ(first().expires, std::nullopt);
  EXPECT_EQ(changes, 4);
}

TEST_F(ConnectionFilesTest, IncludeTheCredentialForAProxy) {
  write("username", "agents\n");
  write("password", "two\nhunter2");
  start({{CredentialPart::kProxyUsername, "/mounted/username"},
         {CredentialPart::kProxyPassword, "/mounted/password"}});
  const auto found = connection_files->found();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].part, CredentialPart::kProxyUsername);
  EXPECT_EQ(found[0].state, CredentialState::kLoaded);
  EXPECT_EQ(found[0].fingerprint, fingerprint_of(CredentialPart::kProxyUsername, "agents"));
  EXPECT_EQ(found[1].part, CredentialPart::kProxyPassword);
  EXPECT_EQ(found[1].state, CredentialState::kUnusable);
  EXPECT_THAT(found[1].why, HasSubstr("contains a line break"));
  EXPECT_EQ(found[1].why.find("hunter2"), std::string::npos);
}

// A bundle of another origin than Kubernetes: connections read it whole.
TEST_F(ConnectionFilesTest, AreNotJudgedIfTheyAreTooLarge) {
  write("ca.crt", std::string(1024 * 1024 + 1, '#'));
  start_with_authority();
  EXPECT_EQ(first().state, CredentialState::kLoaded);
  EXPECT_EQ(first().fingerprint, "");
}

}  // namespace
}  // namespace dualtrace::agent

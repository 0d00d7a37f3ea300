// SPDX-License-Identifier: Apache-2.0
#include "common/kube/exec_credential.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/io/posix_file_system.h"
#include "common/json/json.h"
#include "common/time/rfc3339.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/temporary_folder.h"

namespace dualtrace::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kVersion = "client.authentication.k8s.io/v1";

// A shell script in a temporary folder that prints a file and counts its runs.
struct ExecCredentialTest : testing::Test {
  void SetUp() override {
    const std::string path = (folder / "plugin").string();
    std::ofstream(path) << "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho run >> runs\n"
                           "printf '%s' \"$KUBERNETES_EXEC_INFO\" > info\ncat output\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    config.server = *parse_url("https://h:6443");
    config.exec = ExecPlugin{.api_version = kVersion, .command = path};
  }

  void prints(const Json& status, const std::string& version = kVersion) {
    std::ofstream(folder / "output")
        << to_text({{"apiVersion", version}, {"kind", "ExecCredential"}, {"status", status}});
  }
  std::string content(const char* name) {
    std::ifstream file(folder / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  ExecCredential& credential() {
    if (!made) made.emplace(config, files, clock);
    return *made;
  }
  std::string token() {
    const auto shown = credential().current();
    return shown ? shown->authorization : shown.error().message;
  }

  const TemporaryFolder temporary;
  const std::filesystem::path folder = temporary.path();
  ClientConfig config;
  PosixFileSystem files;
  FakeClock clock;
  std::optional<ExecCredential> made;
};

TEST_F(ExecCredentialTest, IsKeptUntilItExpires) {
  prints({{"token", "one"}, {"expirationTimestamp", rfc3339(clock.wall() + minutes(5))}});
  EXPECT_EQ(token(), "Bearer one");
  prints({{"token", "two"}});
  clock.advance(minutes(5) - seconds(1));
  EXPECT_EQ(token(), "Bearer one");
  clock.advance(seconds(1));
  EXPECT_EQ(token(), "Bearer two");
  clock.advance(std::chrono::hours(100));
  EXPECT_EQ(token(), "Bearer two");
  EXPECT_EQ(content("runs"), "run\nrun\n");
}

TEST_F(ExecCredentialTest, IsMadeAnewWhenRefusedButNotAtEveryRefusal) {
  prints({{"token", "one"}});
  EXPECT_EQ(token(), "Bearer one");
  prints({{"token", "two"}});
  credential().refused();
  EXPECT_EQ(token(), "Bearer one");  // brand-new, so another run would not help
  clock.advance(seconds(10));
  EXPECT_EQ(token(), "Bearer two");
  EXPECT_EQ(token(), "Bearer two");
  EXPECT_EQ(content("runs"), "run\nrun\n");
}

TEST_F(ExecCredentialTest, MayBeACertificate) {
  prints({{"clientCertificateData", "CERT"}, {"clientKeyData", "KEY"}});
  EXPECT_EQ(*credential().current(),
            (Shown{.authorization = "", .certificate = "CERT", .key = "KEY"}));
}

TEST_F(ExecCredentialTest, TellsThePluginWhatItAsksFor) {
  prints({{"token", "one"}});
  token();
  EXPECT_EQ(*parse_json(content("info")), Json({{"apiVersion", kVersion},
                                                {"kind", "ExecCredential"},
                                                {"spec", {{"interactive", false}}}}));
}

TEST_F(ExecCredentialTest, TellsThePluginOfTheClusterWhenItWantsTo) {
  std::ofstream(folder / "ca.crt") << "CA";
  config.exec->wants_cluster_info = true;
  config.tls = {.ca_file = (folder / "ca.crt").string(), .server_name = "kubernetes"};
  prints({{"token", "one"}});
  token();
  EXPECT_EQ(parse_json(content("info"))->at("spec").at("cluster"),
            Json({{"server", "https://h:6443"},
                  {"tls-server-name", "kubernetes"},
                  {"certificate-authority-data", "Q0E="}}));
}

TEST_F(ExecCredentialTest, SaysWhatIsWrongWithoutWhatWasPrinted) {
  const std::pair<Json, const char*> answers[] = {
      {{{"clientCertificateData", "hunter2"}}, "a certificate without its key"},
      {{{"other", "hunter2"}}, "neither a token nor a certificate"},
      {{{"token", "hunter2"}, {"expirationTimestamp", "soon"}}, "is not a time"}};
  for (const auto& [status, why] : answers) {
    prints(status);
    const auto refused = credential().current();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kDenied);
    EXPECT_NE(refused.error().message.find(why), std::string::npos) << refused.error().message;
    EXPECT_EQ(refused.error().message.find("hunter2"), std::string::npos);
  }
  prints({{"token", "hunter2"}}, "client.authentication.k8s.io/v1beta1");
  EXPECT_NE(token().find("did not print an ExecCredential"), std::string::npos) << token();
  std::ofstream(folder / "output") << "hunter2";
  EXPECT_NE(token().find("did not print an ExecCredential"), std::string::npos) << token();
  std::filesystem::remove(folder / "output");
  EXPECT_NE(token().find("it ended with 1"), std::string::npos) << token();
  std::filesystem::remove(folder / "plugin");
  EXPECT_NE(token().find("cannot be run"), std::string::npos) << token();
}

}  // namespace
}  // namespace dualtrace::kube

// SPDX-License-Identifier: Apache-2.0
#include "common/kube/in_cluster.h"

#include <gtest/gtest.h>

#include "tests/fakes/memory_file_system.h"

namespace dualtrace::kube {
namespace {

struct InCluster : testing::Test {
  void SetUp() override {
    ASSERT_TRUE(files.make_folders("/sa"));
    for (const char* name : {"ca.crt", "token"}) {
      ASSERT_TRUE(write_file(files, std::string("/sa/") + name, "x"));
    }
  }
  MemoryFileSystem files;
};

TEST_F(InCluster, IsReadFromTheServiceAccountsFolder) {
  ASSERT_TRUE(write_file(files, "/sa/namespace", "observability\n"));
  const auto config = in_cluster_config("10.0.0.1", "443", files, "/sa");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.origin(), "https://10.0.0.1:443");
  EXPECT_EQ(config->tls.ca_file, "/sa/ca.crt");
  EXPECT_EQ(config->token_file, "/sa/token");
  EXPECT_EQ(config->namespace_name, "observability");
}

TEST_F(InCluster, PutsAnIpv6AddressIntoBrackets) {
  for (const char* host : {"fd00::1", "[fd00::1]"}) {
    const auto config = in_cluster_config(host, "6443", files, "/sa");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->server.authority, (HostPort{"fd00::1", 6443}));
    EXPECT_EQ(config->namespace_name, "");
  }
}

TEST_F(InCluster, IsNotThereOutsideOfAPod) {
  EXPECT_EQ(in_cluster_config("", "443", files, "/sa").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(in_cluster_config("10.0.0.1", "", files, "/sa").error().kind, ErrorKind::kNotFound);
}

TEST_F(InCluster, NeedsItsTokenAndItsAuthority) {
  for (const char* missing : {"/sa/ca.crt", "/sa/token"}) {
    SetUp();
    ASSERT_TRUE(files.remove(missing));
    const auto config = in_cluster_config("10.0.0.1", "443", files, "/sa");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().kind, ErrorKind::kUnavailable);
    EXPECT_NE(config.error().message.find(missing), std::string::npos) << config.error().message;
  }
}

TEST_F(InCluster, RefusesWhatIsNoAddress) {
  EXPECT_EQ(in_cluster_config("a b", "443", files, "/sa").error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(in_cluster_config("a", "port", files, "/sa").error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace dualtrace::kube

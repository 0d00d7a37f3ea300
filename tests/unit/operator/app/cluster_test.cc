// SPDX-License-Identifier: Apache-2.0
#include "operator/app/cluster.h"

#include <gtest/gtest.h>

#include "tests/fakes/memory_file_system.h"

namespace dualtrace::ctl {
namespace {

std::string kubeconfig_of(const std::string& server) {
  return "{current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],\n"
         " clusters: [{name: c, cluster: {server: 'https://" +
         server + "'}}], users: [{name: u, user: {token: t}}]}\n";
}

struct FindCluster : ::testing::Test {
  void SetUp() override {
    for (const char* folder : {"/etc", "/user/.kube"}) ASSERT_TRUE(files.make_folders(folder));
    for (const auto& [path, server] :
         {std::pair{"/etc/given", "given"}, std::pair{"/etc/set", "set"},
          std::pair{"/user/.kube/config", "home"}}) {
      ASSERT_TRUE(write_file(files, path, kubeconfig_of(server)));
    }
  }
  std::string host() {
    const auto found = find_cluster(options, environment, files);
    return found ? found->server.authority.host : found.error().message;
  }

  MemoryFileSystem files;
  Options options;
  Environment environment;
};

TEST_F(FindCluster, TakesTheFileThatIsGivenBeforeAllOthers) {
  environment.variables = {{"KUBECONFIG", "/etc/set"}, {"HOME", "/user"}};
  EXPECT_EQ(host(), "set");
  options.kubeconfig = "/etc/given";
  EXPECT_EQ(host(), "given");
}

TEST_F(FindCluster, TakesThePodsOwnAccountBeforeTheUsersFile) {
  environment.variables = {{"HOME", "/user"}};
  EXPECT_EQ(host(), "home");
  environment.variables.emplace("KUBERNETES_SERVICE_HOST", "10.0.0.1");
  environment.variables.emplace("KUBERNETES_SERVICE_PORT", "443");
  EXPECT_NE(host(), "home");
}

TEST_F(FindCluster, SaysSoWhenThereIsNone) {
  EXPECT_EQ(host(), "no --kubeconfig, no KUBECONFIG, not in a pod, and no HOME");
}

TEST(FindClusterDns, IsWhatThePodsResolverSaysUnlessSomebodySaysOtherwise) {
  Options options;
  Environment environment;
  environment.pod_namespace = "system";
  environment.resolver_configuration =
      "nameserver 10.0.0.10\nsearch system.svc.corp.local svc.corp.local corp.local\n";
  EXPECT_EQ(find_cluster_dns(options, environment), (ClusterDns{"corp.local", {"10.0.0.10"}}));
  options.cluster_domain = "k8s.example";
  EXPECT_EQ(find_cluster_dns(options, environment).domain, "k8s.example");
  EXPECT_EQ(find_cluster_dns(options, Environment{}), (ClusterDns{"k8s.example", {}}));
  EXPECT_EQ(find_cluster_dns(Options{}, Environment{}), ClusterDns{});
}

}  // namespace
}  // namespace dualtrace::ctl

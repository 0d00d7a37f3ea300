// SPDX-License-Identifier: Apache-2.0
#include "common/kube/kubeconfig.h"

#include <gtest/gtest.h>

#include "tests/fakes/memory_file_system.h"

namespace dualtrace::kube {
namespace {

struct Kubeconfig : testing::Test {
  void SetUp() override { ASSERT_TRUE(files.make_folders("/k")); }

  void write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(write_file(files, path, text));
  }
  // A kubeconfig with the given user and cluster, in flow style.
  Result<ClientConfig> read(const std::string& cluster, const std::string& user) {
    write("/k/config",
          "current-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n"
          "clusters: [{name: c, cluster: " +
              cluster +
              "}]\n"
              "users: [{name: u, user: " +
              user + "}]\n");
    return read_kubeconfig({"/k/config"}, "", files);
  }
  Result<ClientConfig> read_user(const std::string& user) {
    return read("{server: 'https://h'}", user);
  }
  std::string refusal(const Result<ClientConfig>& result) {
    if (result) return "taken";
    EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
    return result.error().message;
  }

  MemoryFileSystem files;
};

TEST_F(Kubeconfig, AsKubectlWritesIt) {
  write("/k/config", R"(apiVersion: v1
kind: Config
preferences: {}
current-context: one
contexts:
- name: other
  context: null
- name: one
  context:
    cluster: c
    namespace: n
    user: u
clusters:
- name: c
  cluster:
    certificate-authority-data: Q0E=
    server: https://[fd00::1]:6443/k8s/clusters/c-1
    tls-server-name: kubernetes
    proxy-url: http://proxy:3128
users:
- name: u
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
)");
  const auto config = read_kubeconfig({"/k/config"}, "", files);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server.authority, (HostPort{"fd00::1", 6443}));
  EXPECT_EQ(config->server.path, "/k8s/clusters/c-1");
  EXPECT_EQ(config->tls, (TlsClientOptions{.ca_text = "CA",
                                           .certificate_text = "CERT",
                                           .key_text = "KEY",
                                           .server_name = "kubernetes"}));
  EXPECT_EQ(config->proxy->authority, (HostPort{"proxy", 3128}));
  EXPECT_EQ(config->namespace_name, "n");
}

TEST_F(Kubeconfig, TakesPathsFromItsOwnFolder) {
  const auto config = read("{server: 'https://h', certificate-authority: pki/ca.crt}",
                           "{client-certificate: ../c.crt, client-key: /abs/c.key, tokenFile: t}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->tls.ca_file, "/k/pki/ca.crt");
  EXPECT_EQ(config->tls.certificate_file, "/c.crt");
  EXPECT_EQ(config->tls.key_file, "/abs/c.key");
  EXPECT_EQ(config->token_file, "/k/t");
}

TEST_F(Kubeconfig, TakesTokensAndPasswords) {
  EXPECT_EQ(read_user("{token: abc}")->token, "abc");
  const auto basic = read_user("{username: joe, password: secret}");
  EXPECT_EQ(basic->username, "joe");
  EXPECT_EQ(basic->password, "secret");
  EXPECT_TRUE(read_user("{}"));
  EXPECT_TRUE(read_user("null"));
  EXPECT_TRUE(read("{server: 'https://h', insecure-skip-tls-verify: true}", "{}")->tls.insecure);
}

TEST_F(Kubeconfig, MergesSeveralOfWhichTheFirstWins) {
  write("/k/1", "current-context: ''\nusers: [{name: u, user: {token: first}}]\n");
  write("/k/2",
        "current-context: b\nusers: [{name: u, user: {token: second}}]\n"
        "contexts: [{name: b, context: {cluster: c, user: u}}]\n");
  write("/k/3",
        "current-context: a\nclusters: [{name: c, cluster: {server: 'https://h'}}]\n"
        "contexts: [{name: a, context: {cluster: c}}]\n");
  const std::vector<std::string> paths = split_paths("/k/missing:/k/1::/k/2:/k/3");
  EXPECT_EQ(paths, (std::vector<std::string>{"/k/missing", "/k/1", "/k/2", "/k/3"}));
  const auto config = read_kubeconfig(paths, "", files);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->token, "first");
  const auto named = read_kubeconfig(paths, "a", files);
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_EQ(named->token, "");
}

TEST_F(Kubeconfig, SaysWhatIsMissing) {
  EXPECT_EQ(read_kubeconfig({"/k/none"}, "", files).error(),
            (Error{ErrorKind::kNotFound, "there is no kubeconfig at /k/none"}));
  EXPECT_EQ(read_kubeconfig({}, "", files).error().kind, ErrorKind::kNotFound);
  write("/k/config", "contexts: [{name: c, context: {cluster: x}}]");
  const auto message = [&](const std::string& context) {
    return refusal(read_kubeconfig({"/k/config"}, context, files));
  };
  EXPECT_EQ(message(""), "kubeconfig: no current-context is set");
  EXPECT_EQ(message("d"), "kubeconfig: there is no context named \"d\"");
  EXPECT_EQ(message("c"), "kubeconfig: there is no cluster named \"x\"");
  EXPECT_TRUE(
      refusal(read("{}", "{}")).starts_with("kubeconfig /k/config: cluster \"c\": server: "));
}

TEST_F(Kubeconfig, RefusesWhatItCannotHonourAndRepeatsNoSecret) {
  const std::pair<const char*, const char*> users[] = {
      {"{auth-provider: {name: gcp}}", "auth-provider: not supported"},
      {"{as: admin, token: hunter2}", "as: not supported"},
      {"{client-certificate-data: '*hunter2*'}", "client-certificate-data: not base64"},
      {"{client-key-data: aHVudGVyMg==}", "client-certificate, client-key: one of them is missing"},
      {"{exec: {command: x}}", "exec.apiVersion: neither"},
      {"{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}",
       "exec.apiVersion: neither"},
      {"{exec: {apiVersion: client.authentication.k8s.io/v1beta1}}", "exec.command: missing"},
      {"{exec: {apiVersion: client.authentication.k8s.io/v1, command: x}}",
       "exec.interactiveMode: neither"},
      {"{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}}",
       "exec.interactiveMode: Always"},
      {"{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x, "
       "provideClusterInfo: perhaps}}",
       "provideClusterInfo: neither true nor false"}};
  for (const auto& [user, why] : users) {
    const std::string message = refusal(read_user(user));
    EXPECT_NE(message.find(why), std::string::npos) << message;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  }
  for (const char* proxy : {"https://p", "socks5://p", "http://joe:hunter2@p"}) {
    const std::string message =
        refusal(read(std::string("{server: 'https://h', proxy-url: '") + proxy + "'}", "{}"));
    EXPECT_NE(message.find("proxy-url: "), std::string::npos) << message;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  }
}

TEST_F(Kubeconfig, ReadsACredentialsPlugin) {
  const auto config = read_user(
      "{exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, args: [a, '2'], "
      "env: [{name: N, value: v}], interactiveMode: Never, provideClusterInfo: true}}");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->exec, (ExecPlugin{.api_version = "client.authentication.k8s.io/v1",
                                      .command = "/k/bin/login",
                                      .arguments = {"a", "2"},
                                      .environment = {{"N", "v"}},
                                      .wants_cluster_info = true}));
  const auto beta = read_user(
      "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: login, args: null}}");
  ASSERT_TRUE(beta) << beta.error().message;
  EXPECT_EQ(beta->exec->command, "login");
}

TEST_F(Kubeconfig, NamesTheFileThatIsNoYaml) {
  write("/k/config", "a: [");
  EXPECT_TRUE(refusal(read_kubeconfig({"/k/config"}, "", files))
                  .starts_with("kubeconfig /k/config: line "));
}

}  // namespace
}  // namespace dualtrace::kube

// SPDX-License-Identifier: Apache-2.0
#include "operator/api/permissions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/api/agent_defaults.h"
#include "operator/api/image_name.h"
#include "tests/unit/operator/api/export_files.h"

namespace dualtrace::ctl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kOwnImage = "registry.example:5000/dualtrace-agent:0.1.0";

// minimal.yaml with `value` at that JSON pointer.
DualTraceExport with(const char* pointer, Json value) {
  Json object = minimal_export();
  object[Json::json_pointer(pointer)] = std::move(value);
  ExportOrFaults parsed = parse_export(object);
  EXPECT_TRUE(parsed.value) << to_string(parsed.faults);
  return parsed.value.value_or(DualTraceExport{});
}

std::string told(const DualTraceExport& wanted, const Permissions& permissions = {}) {
  return to_string(not_permitted(wanted, permissions, kOwnImage));
}

DualTraceExport with_image(const std::string& image) { return with("/spec/agent/image", image); }

TEST(Permissions, AMinimalExportAsksForNothingBeyondTheDefaults) {
  EXPECT_EQ(told(*parse_export(minimal_export()).value), "");
}

TEST(Permissions, OnlyTheInstallationsRepositoryIsPermittedByDefault) {
  EXPECT_EQ(told(with_image("registry.example:5000/dualtrace-agent:0.2.0")), "");
  EXPECT_EQ(
      told(with_image("registry.example:5000/dualtrace-agent@sha256:" + std::string(64, 'a'))), "");
  for (const char* other :
       {"registry.example/dualtrace-agent:0.1.0", "registry.example:5001/dualtrace-agent:0.1.0",
        "registry.example:5000/dualtrace-agent/evil:1", "dualtrace-agent:0.1.0",
        "registry.example:5000/evil/dualtrace-agent:1", "registry.example:5000.evil/agent",
        "registry.example:5000/dualtrace-agent-evil", "registry.example:5000/Dualtrace-agent"}) {
    EXPECT_THAT(told(with_image(other)),
                AllOf(HasSubstr("spec.agent.image: "), HasSubstr(other),
                      HasSubstr("permissions.images"), HasSubstr("remove it")));
  }
}

TEST(Permissions, RepositoriesAreComparedAsRuntimesReadThem) {
  const Permissions permissions{
      .images = {*repository_pattern("registry.example/agents/*"), *repository_pattern("agent")}};
  for (const char* image : {"registry.example/agents/a:1", "REGISTRY.example/agents/a", "agent",
                            "docker.io/library/agent:2", "index.docker.io/agent"}) {
    EXPECT_EQ(told(with_image(image), permissions), "") << image;
  }
  for (const char* image :
       {"registry.example/agents", "registry.example/agents/a/b", "registry.example/agents-evil/a",
        "registry.example:443/agents/a", "evil/agent", "docker.io.evil.example/library/agent"}) {
    EXPECT_NE(told(with_image(image), permissions), "") << image;
  }
  EXPECT_EQ(told(with_image("any.example/thing:1"), {.images = {"*"}}), "");
}

TEST(Permissions, HostPathCanBeForbidden) {
  const auto host_path = with("/spec/delivery/storage", "HostPath");
  EXPECT_EQ(told(host_path), "");
  EXPECT_THAT(told(host_path, {.host_path = false}),
              AllOf(HasSubstr("spec.delivery.storage: HostPath"), HasSubstr("use EmptyDir")));
  // HostPath is the default if the field is absent.
  EXPECT_NE(told(*parse_export(minimal_export()).value, {.host_path = false}), "");
  EXPECT_EQ(told(with("/spec/delivery/storage", "EmptyDir"), {.host_path = false}), "");
}

TEST(Permissions, NoPriorityClassIsPermittedByDefault) {
  const auto asks = [](const char* name) { return with("/spec/agent/priorityClassName", name); };
  for (const char* name : {"system-node-critical", "high"}) {
    EXPECT_THAT(told(asks(name)),
                AllOf(HasSubstr("spec.agent.priorityClassName: "), HasSubstr(name),
                      HasSubstr("permits none (permissions.priorityClassNames)")));
  }
  const Permissions permissions{.priority_classes = {"high", "obs-*"}};
  EXPECT_EQ(told(asks("high"), permissions), "");
  EXPECT_EQ(told(asks("obs-a.b"), permissions), "");
  EXPECT_NE(told(asks("higher"), permissions), "");
  EXPECT_NE(told(asks("system-node-critical"), permissions), "");
}

TEST(Permissions, TolerationsAreJudgedByTheKeysOfTaints) {
  const auto asks = [](Json toleration) {
    return with("/spec/agent/tolerations", Json::array({std::move(toleration)}));
  };
  const auto all = asks({{"operator", "Exists"}});
  const auto of_key = [&](const char* key) {
    return asks({{"key", key}, {"operator", "Equal"}, {"value", "x"}, {"effect", "NoSchedule"}});
  };
  EXPECT_EQ(told(all), "");
  EXPECT_EQ(told(of_key("dedicated")), "");
  const Permissions permissions{.tolerations = {"dedicated", "example.com/*"}};
  EXPECT_EQ(told(of_key("dedicated"), permissions), "");
  EXPECT_EQ(told(of_key("example.com/gpu"), permissions), "");
  EXPECT_THAT(told(of_key("node-role.kubernetes.io/control-plane"), permissions),
              HasSubstr("spec.agent.tolerations[0]: a toleration of taint node-role"));
  EXPECT_THAT(told(all, permissions), HasSubstr("a toleration of every taint"));
  EXPECT_NE(told(asks({{"operator", "Exists"}, {"effect", "NoSchedule"}}), permissions), "");
  EXPECT_NE(told(asks({{"key", ""}, {"operator", "Exists"}}), permissions), "");
  // Without any, it gets the installation's default tolerations.
  const auto none = *parse_export(minimal_export()).value;
  EXPECT_EQ(told(none, {.tolerations = {}}), "");
  EXPECT_EQ(told(with("/spec/agent/tolerations", Json::array()), {.tolerations = {}}), "");
}

TEST(Permissions, VariablesAreJudgedByName) {
  const auto asks = [](const char* name) {
    return with("/spec/agent/env", Json::array({{{"name", name}, {"value", "x"}}}));
  };
  for (const char* name : {"https_proxy", "GRPC_TRACE", "TZ"}) {
    EXPECT_THAT(told(asks(name)), HasSubstr(std::string("spec.agent.env[0]: variable ") + name));
  }
  const Permissions permissions{.env = {"TZ", "GRPC_DNS_*"}};
  EXPECT_EQ(told(asks("TZ"), permissions), "");
  EXPECT_EQ(told(asks("GRPC_DNS_RESOLVER"), permissions), "");
  EXPECT_NE(told(asks("GRPC_TRACE"), permissions), "");
  EXPECT_NE(told(asks("tz"), permissions), "") << "a different variable";
}

TEST(Permissions, SELinuxOptionsAreNotPermittedByDefault) {
  for (const char* section : {"podSecurityContext", "securityContext"}) {
    const auto wanted = with((std::string("/spec/agent/") + section).c_str(),
                             {{"runAsUser", 1000}, {"seLinuxOptions", {{"type", "spc_t"}}}});
    EXPECT_THAT(told(wanted), HasSubstr(std::string(section) + ".seLinuxOptions: is not"));
    EXPECT_EQ(told(wanted, {.se_linux_options = true}), "");
  }
}

TEST(Permissions, WhatTheInstallationAddsIsPermitted) {
  const auto defaults = AgentDefaults::parse(R"({"priorityClassName": "high",
      "env": [{"name": "https_proxy", "value": "http://proxy:3128"}],
      "securityContext": {"seLinuxOptions": {"type": "spc_t"}}})");
  ASSERT_TRUE(defaults) << defaults.error().message;
  Json object = minimal_export();
  const auto judged = [&] {
    return to_string(not_permitted(parse_export(object, *defaults).as_written(), {}, kOwnImage));
  };
  EXPECT_EQ(judged(), "");
  object["spec"]["agent"]["env"] = Json::array({{{"name", "https_proxy"}, {"value", "http://x"}}});
  EXPECT_THAT(judged(), HasSubstr("variable https_proxy"));
}

TEST(Permissions, SizesAreComparedInWhateverUnit) {
  const auto asks = [](const char* size) { return with("/spec/delivery/maxBacklog", size); };
  for (const char* size : {"64Gi", "65536Mi", "68719476736", "68G", "0.0625Ti"}) {
    EXPECT_EQ(told(asks(size)), "") << size;
  }
  for (const char* size : {"65Gi", "65537Mi", "68719476737", "69G", "0.125Ti", "64Ti"}) {
    EXPECT_THAT(told(asks(size)), AllOf(HasSubstr("spec.delivery.maxBacklog: "), HasSubstr(size),
                                        HasSubstr("at most 64Gi")));
  }
}

TEST(Permissions, HostsOfAllFieldsAreJudged) {
  const Permissions none{.hosts = {}};
  Json object = full_export();
  object["spec"]["databricks"]["ingest"] = "Zerobus";
  object["spec"]["databricks"]["zerobus"] = {{"endpoint", "https://zerobus.example"}};
  object["spec"]["databricks"]["auth"] = {{"oauth", {{"secretName", "databricks"}}}};
  object["spec"]["databricks"]["proxyURL"] = "http://proxy.example:3128";
  const auto parsed = parse_export(object);
  ASSERT_TRUE(parsed.value) << to_string(parsed.faults);
  std::vector<std::string> paths;
  for (const ExportFault& fault : not_permitted(*parsed.value, none, kOwnImage)) {
    if (fault.message.starts_with("host ")) paths.push_back(fault.path);
  }
  EXPECT_THAT(paths, ElementsAre("spec.arize.endpoint", "spec.arize.proxyURL",
                                 "spec.databricks.workspaceURL", "spec.databricks.zerobus.endpoint",
                                 "spec.databricks.proxyURL"));
}

TEST(Permissions, ARegionIsTheHostThatItStandsFor) {
  const auto in = [](const char* region) {
    Json object = minimal_export();
    object["spec"]["arize"].erase("endpoint");
    object["spec"]["arize"]["region"] = region;
    return *parse_export(object).value;
  };
  EXPECT_EQ(told(in("US"), {.hosts = {"otlp.arize.com"}}), "");
  EXPECT_THAT(told(in("EU"), {.hosts = {"otlp.arize.com"}}),
              HasSubstr("spec.arize.region: host otlp.eu-west-1a.arize.com is not permitted"));
  EXPECT_EQ(told(in("EU"), {.hosts = {"*.eu-west-1a.arize.com"}}), "");
  EXPECT_NE(told(in("CA"), {.hosts = {"otlp.arize.com", "*.arize.com"}}), "");
}

// For an Arize endpoint, which accepts everything that the other fields accept, and more.
std::string told_of_host(const std::string& endpoint, const std::string& pattern) {
  Json object = minimal_export();
  object["spec"]["arize"].erase("region");
  object["spec"]["arize"]["endpoint"] = endpoint;
  const auto parsed = parse_export(object);
  if (!parsed.value) return to_string(parsed.faults);
  const auto read = host_pattern(pattern);
  EXPECT_TRUE(read) << pattern;
  return told(*parsed.value, {.hosts = {*read}});
}

TEST(Permissions, HostsAreComparedInOneForm) {
  for (const auto& [endpoint, pattern] : std::vector<std::pair<std::string, std::string>>{
           {"otlp.arize.com:443", "otlp.arize.com"},
           {"OTLP.Arize.COM", "otlp.arize.com"},
           {"otlp.arize.com", "OTLP.arize.com"},
           {"otlp.arize.com.:443", "otlp.arize.com"},
           {"otlp.arize.com", "otlp.arize.com."},
           {"http://otlp.arize.com:8080/v1/traces", "otlp.arize.com"},
           {"[::1]:4317", "::1"},
           {"[0:0:0:0:0:0:0:1]:4317", "[::1]"},
           {"[2001:DB8::0:1]:443", "2001:db8::1"},
           {"10.0.0.1:443", "10.0.0.*"},
           {"xn--bcher-kva.example", "xn--bcher-kva.example"},
           {"a.b.example", "**.example"}}) {
    EXPECT_EQ(told_of_host(endpoint, pattern), "") << endpoint << " by " << pattern;
  }
  for (const auto& [endpoint, pattern] : std::vector<std::pair<std::string, std::string>>{
           {"otlp.arize.com.evil.example", "otlp.arize.com"},
           {"evil.example/otlp.arize.com", "otlp.arize.com"},
           {"otlp.arize.com@evil.example", "otlp.arize.com"},
           {"https://otlp.arize.com@evil.example", "otlp.arize.com"},
           {"https://evil.example#otlp.arize.com", "**.arize.com"},
           {"https://evil.example?.arize.com", "**.arize.com"},
           {"https://evil.example\\.arize.com", "**.arize.com"},
           {"evilarize.com", "*.arize.com"},
           {"arize.com", "*.arize.com"},
           {".arize.com", "*.arize.com"},
           {"a.b.arize.com", "*.arize.com"},
           {"a..arize.com", "**.arize.com"},
           {"otlp.arize.com..", "otlp.arize.com"},
           {"otlp.arize.com", "otlp*"},
           {"[::ffff:10.0.0.1]:443", "10.0.0.1"},
           {"0x0a.0.0.1:443", "10.0.0.1"},
           {"10.1:443", "10.0.0.1"},
           {"[::2]:443", "::1"}}) {
    EXPECT_NE(told_of_host(endpoint, pattern), "") << endpoint << " by " << pattern;
  }
}

TEST(Permissions, PatternsAreRefusedRatherThanNeverMatched) {
  for (const char* text :
       {"", "https://otlp.arize.com", "otlp.arize.com:443", "b\xC3\xBC.example", ".arize.com",
        "a..b", "[::1", "::1]:443", "a b", "otlp.arize.com/v1", "user@host", "[*]"}) {
    EXPECT_FALSE(host_pattern(text)) << text;
  }
  for (const char* text :
       {"", "arize", "arize/", "/key", "a/b/c", "**/*", "a b/c", "arize/api key"}) {
    EXPECT_FALSE(secret_key_pattern(text)) << text;
  }
  for (const char* text : {"", "High", "a/b", "a b"}) {
    EXPECT_FALSE(priority_class_pattern(text)) << text;
  }
  for (const char* text : {"", "a=b", "a:NoSchedule", "a b"}) {
    EXPECT_FALSE(taint_key_pattern(text)) << text;
  }
  for (const char* text : {"*", "example.com/*", "dedicated"}) {
    EXPECT_TRUE(taint_key_pattern(text)) << text;
  }
}

TEST(Permissions, KeysOfSecretsThatAreSentCanBeLimited) {
  const auto keys = [](const std::string& secret, const std::string& key) {
    Json object = minimal_export();
    object["spec"]["arize"]["credentials"] = {{"secretName", secret}, {"apiKeyKey", key}};
    return *parse_export(object).value;
  };
  EXPECT_EQ(told(keys("arize", "api-key"), {.secret_keys = {"arize/*"}}), "");
  EXPECT_EQ(told(keys("any.thing", "api-key"), {.secret_keys = {"*/api-key", "*/space-id"}}), "");
  EXPECT_THAT(told(keys("stripe", "key"), {.secret_keys = {"arize/*"}}),
              AllOf(HasSubstr("spec.arize.credentials: key key of Secret stripe is not permitted"),
                    HasSubstr("permissions.secretKeys")));
  EXPECT_NE(told(keys("arize-other", "api-key"), {.secret_keys = {"arize/*"}}), "");
  // A CA certificate is never sent, so it needs no permission.
  Json object = minimal_export();
  object["spec"]["arize"]["ca"] = {{"secretName", "company-tls"}, {"key", "ca.crt"}};
  EXPECT_EQ(told(*parse_export(object).value, {.secret_keys = {"arize/*"}}), "");
}

TEST(Permissions, TheClustersOwnKeysAreNeverSent) {
  const auto use = [](const char* name, const char* key, CredentialPart part) {
    return SecretUse{"spec.x", {name, key}, part};
  };
  using enum CredentialPart;
  for (const char* type :
       {"kubernetes.io/service-account-token", "kubernetes.io/dockerconfigjson",
        "kubernetes.io/dockercfg", "kubernetes.io/tls", "kubernetes.io/ssh-auth",
        "bootstrap.kubernetes.io/token", "helm.sh/release.v1", "cluster.x-k8s.io/secret"}) {
    for (const CredentialPart part :
         {kAPIKey, kSpaceID, kToken, kClientID, kClientSecret, kProxyUsername, kProxyPassword}) {
      EXPECT_THAT(never_sent(use("x", "token", part), type).value_or(""), HasSubstr(type));
    }
    EXPECT_EQ(never_sent(use("x", "ca.crt", kAuthority), type), std::nullopt) << type;
  }
  for (const char* type : {"", "Opaque", "kubernetes.io/basic-auth", "example.com/databricks"}) {
    EXPECT_EQ(never_sent(use("databricks", "token", kToken), type), std::nullopt) << type;
  }
}

TEST(Permissions, TheClustersOwnKeysAreKnownByNameWhereTheSecretCannotBeRead) {
  for (const auto& [name, key] : std::vector<std::pair<std::string, std::string>>{
           {"pull", ".dockerconfigjson"},
           {"pull", ".dockercfg"},
           {"web.example", "tls.key"},
           {"authority", "ca.key"},
           {"deploy", "ssh-privatekey"},
           {"bootstrap-token-abcdef", "token-secret"},
           {"sh.helm.release.v1.shop.v3", "release"}}) {
    Json object = minimal_export();
    object["spec"]["arize"]["credentials"] = {{"secretName", name}, {"apiKeyKey", key}};
    EXPECT_THAT(told(*parse_export(object).value),
                AllOf(HasSubstr("spec.arize.credentials: "), HasSubstr("never sent")))
        << name << "/" << key;
    // A private key is not a CA certificate either.
    object = minimal_export();
    object["spec"]["arize"]["ca"] = {{"secretName", name}, {"key", key}};
    EXPECT_THAT(told(*parse_export(object).value), HasSubstr("spec.arize.ca: "));
  }
}

TEST(Permissions, EachThatIsNotPermittedIsTold) {
  Json object = minimal_export();
  object["spec"]["agent"] = {{"image", "evil.example/agent:1"}, {"priorityClassName", "high"}};
  object["spec"]["delivery"] = {{"maxBacklog", "64Ti"}};
  EXPECT_THAT(not_permitted(*parse_export(object).value, {.host_path = false}, kOwnImage),
              testing::SizeIs(4));
  EXPECT_THAT(not_permitted(*parse_export(minimal_export()).value, {}, kOwnImage), IsEmpty());
}

}  // namespace
}  // namespace dualtrace::ctl

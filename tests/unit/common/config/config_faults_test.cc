// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/agent_config.h"

namespace dualtrace {

void PrintTo(const ConfigFault& fault, std::ostream* out) { *out << to_string({fault}); }

namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

// A valid configuration, to which tests append a fault.
constexpr std::string_view kValid =
    "arize:\n"
    "  region: US\n"
    "  credentials: {apiKeyFile: a, spaceIDFile: b}\n";

std::vector<ConfigFault> faults_of(const std::string& yaml) {
  ConfigOrFaults result = parse_agent_config(yaml, "/etc/dualtrace");
  EXPECT_EQ(result.config.has_value(), result.faults.empty());
  return result.faults;
}

std::vector<ConfigFault> faults_behind(const std::string& rest) {
  return faults_of(std::string(kValid) + rest);
}

auto fault(const std::string& path, const std::string& message) {
  return testing::AllOf(Field("path", &ConfigFault::path, path),
                        Field("message", &ConfigFault::message, HasSubstr(message)));
}

std::vector<ConfigFault> arize_faults(const std::string& endpoint_or_region) {
  return faults_of("arize:\n  credentials: {apiKeyFile: a, spaceIDFile: b}\n  " +
                   endpoint_or_region + "\n");
}

std::vector<ConfigFault> databricks_faults(const std::string& url, const std::string& table) {
  return faults_of("databricks: {workspaceURL: \"" + url + "\", table: \"" + table +
                   "\", auth: {tokenFile: t}}\n");
}

TEST(ConfigFaults, AreNoneForAValidConfiguration) { EXPECT_THAT(faults_behind(""), IsEmpty()); }

TEST(ConfigFaults, AreReportedAllAtOnceWithTheirPaths) {
  EXPECT_THAT(faults_of("arize: {region: MARS, credentials: {apiKeyFile: a}}\n"
                        "delivery: {maxAge: 72, colour: blue}\n"
                        "databricks: {table: spans}\n"),
              testing::UnorderedElementsAre(
                  fault("arize.region", "expected US, EU or CA"),
                  fault("arize.credentials.spaceIDFile", "is required but not set"),
                  fault("delivery.maxAge", "expected a duration of whole seconds"),
                  fault("delivery.colour", "unknown key"),
                  fault("databricks.workspaceURL", "is required but not set; set it to the URL"),
                  fault("databricks.table", "expected catalog.schema.table"),
                  fault("databricks.auth", "exactly one of")));
}

TEST(ConfigFaults, NameTheKeyThatWasMeant) {
  EXPECT_THAT(faults_behind("delivery: {maxbacklog: 4Gi}\n"),
              ElementsAre(fault("delivery.maxbacklog", "did you mean maxBacklog?")));
  EXPECT_THAT(faults_behind("recevier: {threads: 1}\n"),
              ElementsAre(fault("recevier", "did you mean receiver?")));
  EXPECT_THAT(faults_behind("observe: {address: x}\n"),
              ElementsAre(fault("observe.address", "valid keys here: listen")));
}

TEST(ConfigFaults, RefuseADottedNameInPlaceOfNesting) {
  EXPECT_THAT(faults_behind("delivery.maxAge: 1h\n"),
              ElementsAre(fault("delivery.maxAge", "unknown key")));
}

TEST(ConfigFaults, RefuseKeysWrittenTwice) {
  EXPECT_THAT(faults_behind("drainTimeout: 1s\ndrainTimeout: 2s\n"),
              ElementsAre(fault("drainTimeout", "set twice (again on line 5)")));
  EXPECT_THAT(faults_behind("resourceAttributes: {a: b, a: c}\n"),
              ElementsAre(fault("resourceAttributes[a]", "set twice")));
}

TEST(ConfigFaults, RefuseWrongShapes) {
  EXPECT_THAT(faults_of("just text"), ElementsAre(fault("", "expected keys")));
  EXPECT_THAT(faults_behind("receiver: 5\n"), ElementsAre(fault("receiver", "expected keys")));
  EXPECT_THAT(faults_behind("receiver:\n"), ElementsAre(fault("receiver", "empty")));
  EXPECT_THAT(faults_behind("receiver: {listen: x, threads: [1]}\n"),
              ElementsAre(fault("receiver.listen", "expected a list"),
                          fault("receiver.threads", "expected one value")));
  EXPECT_THAT(faults_behind("logLevel:\n"), ElementsAre(fault("logLevel", "empty")));
  EXPECT_THAT(faults_behind("resourceAttributes: [a]\n"),
              ElementsAre(fault("resourceAttributes", "expected names")));
  EXPECT_THAT(faults_behind("delivery: {folder: \"a\\nb\"}\n"),
              ElementsAre(fault("delivery.folder", "control character")));
}

TEST(ConfigFaults, RefuseValuesOutOfBounds) {
  EXPECT_THAT(faults_behind("receiver: {threads: 65}\n"),
              ElementsAre(fault("receiver.threads", "must be between 1 and 64")));
  EXPECT_THAT(faults_behind("delivery: {linger: 2m}\n"),
              ElementsAre(fault("delivery.linger", "must be between 0s and 1m")));
  EXPECT_THAT(faults_behind("delivery: {maxAge: 1500ms}\n"),
              ElementsAre(fault("delivery.maxAge", "whole seconds")));
}

TEST(ConfigFaults, ReadChoicesExactly) {
  EXPECT_THAT(faults_behind("logLevel: debug\n"),
              ElementsAre(fault("logLevel", "expected Debug, Info, Warn or Error")));
  EXPECT_THAT(faults_behind("delivery: {durability: disk}\n"),
              ElementsAre(fault("delivery.durability", "expected Disk or Memory")));
}

TEST(ConfigFaults, NeedADestination) {
  EXPECT_THAT(faults_of(""), ElementsAre(fault("", "there is no destination")));
}

TEST(ConfigFaults, NeedExactlyOneOfEndpointAndRegion) {
  EXPECT_THAT(arize_faults("project: x"), ElementsAre(fault("arize", "exactly one")));
  EXPECT_THAT(arize_faults("region: US\n  endpoint: otlp.arize.com"),
              ElementsAre(fault("arize", "exactly one")));
}

TEST(ConfigFaults, RefuseEndpointsThatArizeDoesNotServe) {
  for (const char* endpoint : {"https://otlp.arize.com/v2", "ftp://otlp.arize.com", "a b",
                               "otlp.arize.com:0", "https://user:pass@otlp.arize.com", "\"\""}) {
    EXPECT_THAT(arize_faults("endpoint: " + std::string(endpoint)),
                ElementsAre(fault("arize.endpoint", "expected host:port")))
        << endpoint;
  }
}

TEST(ConfigFaults, RefuseWorkspacesThatWouldLeakTheTokenOrMissTheApi) {
  EXPECT_THAT(databricks_faults("http://workspace.test", "a.b.c"),
              ElementsAre(fault("databricks.workspaceURL", "must begin with https://")));
  EXPECT_THAT(databricks_faults("https://workspace.test/?o=1", "a.b.c"),
              ElementsAre(fault("databricks.workspaceURL", "without a path or query")));
  EXPECT_THAT(databricks_faults("workspace.test", "a.b.c"),
              ElementsAre(fault("databricks.workspaceURL", "expected https://host")));
}

TEST(ConfigFaults, RefuseTablesThatAreNotThreePartNames) {
  for (const char* table :
       {"spans", "a.b", "a.b.c.d", "a..c", ".b.c", "a.b.", "a.b.c-d", "a.b.`c`"}) {
    EXPECT_THAT(databricks_faults("https://workspace.test", table),
                ElementsAre(fault("databricks.table", "catalog.schema.table")))
        << table;
  }
  EXPECT_THAT(databricks_faults("https://workspace.test", "a.b." + std::string(256, 'c')),
              ElementsAre(fault("databricks.table", "catalog.schema.table")));
}

std::vector<ConfigFault> databricks_faults_with(const std::string& rest) {
  return faults_of("databricks: {workspaceURL: 'https://w.example', table: a.b.c" + rest + "}\n");
}

TEST(ConfigFaults, NeedExactlyOneKindOfAuthentication) {
  for (const char* auth : {
           "",
           ", auth: {}",
           ", auth: {token: {file: t}, oauth: {clientIDFile: i, clientSecretFile: s}}",
           ", auth: {tokenFile: t, workloadIdentity: {tokenFile: p}}",
           ", auth: {oauth: {clientIDFile: i, clientSecretFile: s}, "
           "workloadIdentity: {tokenFile: p}}",
       }) {
    EXPECT_THAT(databricks_faults_with(auth), ElementsAre(fault("databricks.auth", "exactly one")))
        << auth;
  }
  EXPECT_THAT(databricks_faults_with(", auth: {tokenFile: t, token: {file: t}}"),
              ElementsAre(fault("databricks.auth.token", "set only token.file")));
}

TEST(ConfigFaults, NeedEveryFileOfAnAuthentication) {
  EXPECT_THAT(databricks_faults_with(", auth: {token: {}}"),
              ElementsAre(fault("databricks.auth.token.file", "is required but not set")));
  EXPECT_THAT(
      databricks_faults_with(", auth: {oauth: {}}"),
      ElementsAre(fault("databricks.auth.oauth.clientIDFile", "is required but not set"),
                  fault("databricks.auth.oauth.clientSecretFile", "is required but not set")));
  EXPECT_THAT(
      databricks_faults_with(", auth: {workloadIdentity: {clientID: 'my service'}}"),
      ElementsAre(fault("databricks.auth.workloadIdentity.tokenFile", "is required but not set"),
                  fault("databricks.auth.workloadIdentity.clientID", "application id")));
}

TEST(ConfigFaults, RefuseZerobusEndpointsThatWouldLeakTheTokenOrAreOfNoUse) {
  const auto with = [](const std::string& ingest, const std::string& endpoint) {
    return databricks_faults_with(", auth: {workloadIdentity: {tokenFile: p}}, ingest: " + ingest +
                                  ", zerobus: {endpoint: '" + endpoint + "'}");
  };
  EXPECT_THAT(with("Zerobus", "http://z.example"),
              ElementsAre(fault("databricks.zerobus.endpoint", "must begin with https://")));
  EXPECT_THAT(with("Zerobus", "https://z.example/v2"),
              ElementsAre(fault("databricks.zerobus.endpoint", "expected https://host")));
  EXPECT_THAT(databricks_faults_with(", auth: {token: {file: t}}, ingest: Zerobus"),
              ElementsAre(fault("databricks", "Zerobus does not accept static tokens")));
  EXPECT_THAT(with("Workspace", "https://z.example"),
              ElementsAre(fault("databricks", "no effect without ingest: Zerobus")));
}

TEST(ConfigFaults, RefuseHalfOfATlsConfiguration) {
  EXPECT_THAT(faults_behind("receiver: {tls: {certificateFile: tls.crt}}\n"),
              ElementsAre(fault("receiver.tls.keyFile", "is required but not set")));
}

TEST(ConfigFaults, RefuseAddressesThatCannotBeListenedOn) {
  EXPECT_THAT(faults_behind("receiver: {listen: [localhost:4317, \"127.0.0.1\", \":4317\"]}\n"),
              ElementsAre(fault("receiver.listen[0]", "expected an IP address"),
                          fault("receiver.listen[1]", "expected an IP address"),
                          fault("receiver.listen[2]", "expected an IP address")));
  EXPECT_THAT(faults_behind("receiver: {listen: []}\n"),
              ElementsAre(fault("receiver.listen", "1 to 16 addresses")));
  EXPECT_THAT(faults_behind("receiver: {listen: [\"127.0.0.1:4317\", \"127.0.0.1:4317\"]}\n"),
              ElementsAre(fault("receiver.listen[1]", "twice")));
  EXPECT_THAT(faults_behind("receiver: {listen: [\"127.0.0.1:8888\"]}\n"),
              ElementsAre(fault("observe.listen", "the receiver already listens on this address")));
}

TEST(ConfigFaults, KeepTheSizesInProportion) {
  EXPECT_THAT(faults_behind("receiver: {limits: {requestBytes: 128Mi, memoryBytes: 100Mi}}\n"),
              ElementsAre(fault("receiver.limits.memoryBytes", "requestBytes"),
                          fault("delivery.segmentBytes", "requestBytes + 1Mi")));
  EXPECT_THAT(faults_behind("delivery: {maxBacklog: 100Mi}\n"),
              ElementsAre(fault("delivery.maxBacklog", "twice delivery.segmentBytes")));
  EXPECT_THAT(faults_behind("delivery: {batchBytes: 2Mi, batchBytesMax: 1Mi}\n"),
              ElementsAre(fault("delivery.batchBytesMax", "at least delivery.batchBytes")));
  EXPECT_THAT(faults_behind("delivery: {retryBase: 1m}\n"),
              ElementsAre(fault("delivery.retryMax", "at least delivery.retryBase")));
}

TEST(ConfigFaults, DoNotFollowFromOneAnother) {
  EXPECT_THAT(faults_behind("receiver: {limits: {requestBytes: lots}}\n"
                            "delivery: {segmentBytes: 1Mi, maxBacklog: 100Mi}\n"),
              ElementsAre(fault("receiver.limits.requestBytes", "expected a size")));
}

TEST(ConfigFaults, BoundResourceAttributes) {
  std::string many = "resourceAttributes:\n";
  for (int i = 0; i < 65; ++i) many += "  key" + std::to_string(i) + ": v\n";
  EXPECT_THAT(faults_behind(many), ElementsAre(fault("resourceAttributes", "at most 64")));
  EXPECT_THAT(faults_behind("resourceAttributes: {a: " + std::string(4097, 'x') + "}\n"),
              ElementsAre(fault("resourceAttributes[a]", "at most 4096")));
  EXPECT_THAT(faults_behind("resourceAttributes: {\"\": x}\n"),
              ElementsAre(fault("resourceAttributes", "1 to 256 bytes")));
}

TEST(ConfigFaults, RefuseAProxyOverTls) {
  EXPECT_THAT(arize_faults("region: US\n  proxyURL: https://proxy:3128"),
              ElementsAre(fault("arize.proxyURL", "expected http://host:port")));
}

TEST(ConfigFaults, DoNotHideOneAnotherInASection) {
  EXPECT_THAT(arize_faults("proxyAuth: {usernameFile: u, passwordFile: p}"),
              ElementsAre(fault("arize", "set exactly one of endpoint and region"),
                          fault("arize", "proxyAuth has no effect without proxyURL")));
}

TEST(ConfigFaults, RefuseHalfAProxyCredential) {
  EXPECT_THAT(arize_faults("region: US\n  proxyAuth: {usernameFile: u, passwordFile: p}"),
              ElementsAre(fault("arize", "proxyAuth has no effect without proxyURL")));
  EXPECT_THAT(
      arize_faults("region: US\n  proxyURL: http://proxy:3128\n  proxyAuth: {usernameFile: u}"),
      ElementsAre(fault("arize.proxyAuth.passwordFile", "the file with the proxy's password")));
  EXPECT_THAT(arize_faults("region: US\n  proxyURL: http://user:s3cret@proxy:3128"),
              ElementsAre(fault("arize.proxyURL", "expected http://host:port")));
}

TEST(ConfigFaults, ReportASyntaxErrorByItsLine) {
  EXPECT_THAT(faults_of("arize: {\n"), ElementsAre(fault("", "line ")));
}

TEST(ConfigFaults, NeverRepeatAValue) {
  const std::vector<ConfigFault> faults = faults_of(
      "arize: {region: s3cret, endpoint: \"https://u:s3cret@h\", protocol: s3cret, proxyURL: "
      "s3cret, credentials: {apiKeyFile: [s3cret]}}\n"
      "databricks: {workspaceURL: s3cret, table: s3cret, auth: s3cret}\n"
      "delivery: {maxAge: s3cret}\nobserve: {listen: s3cret}\n");
  EXPECT_GE(faults.size(), 8);
  EXPECT_THAT(to_string(faults), testing::Not(HasSubstr("s3cret")));
}

TEST(ConfigFaults, AreWrittenOneALine) {
  EXPECT_EQ(to_string({{"a.b", "wrong"}, {"", "empty"}}), "a.b: wrong\nempty\n");
}

}  // namespace
}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/config/agent_config.h"

#include <gtest/gtest.h>

namespace dualtrace {
namespace {

constexpr std::string_view kArize =
    "arize:\n"
    "  endpoint: otlp.arize.com:443\n"
    "  credentials: {apiKeyFile: arize/api-key, spaceIDFile: /secrets/space-id}\n";
constexpr std::string_view kDatabricks =
    "databricks:\n"
    "  workspaceURL: https://dbc-a1b2c3d4-e5f6.cloud.databricks.com\n"
    "  table: main.traces.agents_otel_spans\n"
    "  auth: {tokenFile: databricks/token}\n";

AgentConfig parsed(const std::string& yaml) {
  ConfigOrFaults result = parse_agent_config(yaml, "/etc/dualtrace");
  EXPECT_TRUE(result.config) << to_string(result.faults);
  return std::move(result.config).value();
}

std::string with_arize(const std::string& rest) { return std::string(kArize) + rest; }

AgentConfig with_endpoint(const std::string& endpoint, const std::string& protocol) {
  return parsed("arize:\n  endpoint: " + endpoint + "\n  protocol: " + protocol +
                "\n  credentials: {apiKeyFile: a, spaceIDFile: b}\n");
}

TEST(AgentConfig, NeedsOneDestinationAndNothingElse) {
  const AgentConfig config = parsed(std::string(kArize));
  EXPECT_FALSE(config.databricks);
  EXPECT_EQ(config.receiver, ReceiverConfig());
  EXPECT_EQ(config.delivery.max_age, std::chrono::hours(72));
  EXPECT_EQ(config.delivery.min_free_disk, (DiskShare{.percent = 15}));
  EXPECT_EQ(config.observe.listen, (HostPort{"127.0.0.1", 8888}));
  EXPECT_EQ(config.log_level, LogLevel::kInfo);
  EXPECT_TRUE(parsed(std::string(kDatabricks)).databricks);
}

TEST(AgentConfig, ReadsBothDestinations) {
  const AgentConfig config = parsed(std::string(kArize) + std::string(kDatabricks));
  EXPECT_EQ(config.arize->endpoint, (Url{"https", {"otlp.arize.com", 443}, ""}));
  EXPECT_EQ(config.arize->protocol, ArizeProtocol::kGrpc);
  EXPECT_EQ(config.arize->compression, Compression::kGzip);
  EXPECT_EQ(config.databricks->workspace.authority.host, "dbc-a1b2c3d4-e5f6.cloud.databricks.com");
  EXPECT_EQ(config.databricks->table, "main.traces.agents_otel_spans");
  EXPECT_EQ(config.databricks->compression, Compression::kNone);
}

TEST(AgentConfig, TakesRelativeFilesFromItsOwnFolder) {
  const AgentConfig config = parsed(std::string(kArize) + "delivery: {folder: ../data}\n");
  EXPECT_EQ(config.arize->api_key_file, "/etc/dualtrace/arize/api-key");
  EXPECT_EQ(config.arize->space_id_file, "/secrets/space-id");
  EXPECT_EQ(config.delivery.folder, "/etc/data");
}

TEST(AgentConfig, KnowsTheRegionsOfArize) {
  const auto host = [](const std::string& region) {
    return parsed("arize: {region: " + region + ", credentials: {apiKeyFile: a, spaceIDFile: b}}\n")
        .arize->endpoint.authority.to_string();
  };
  EXPECT_EQ(host("US"), "otlp.arize.com:443");
  EXPECT_EQ(host("EU"), "otlp.eu-west-1a.arize.com:443");
  EXPECT_EQ(host("CA"), "otlp.ca-central-1a.arize.com:443");
}

TEST(AgentConfig, CallsV1TracesOverHttpAndNoPathOverGrpc) {
  for (const char* endpoint :
       {"otlp.arize.com", "otlp.arize.com:443", "https://otlp.arize.com", "https://otlp.arize.com/",
        "https://otlp.arize.com/v1", "https://otlp.arize.com/v1/traces"}) {
    EXPECT_EQ(with_endpoint(endpoint, "HTTP").arize->endpoint,
              (Url{"https", {"otlp.arize.com", 443}, "/v1/traces"}))
        << endpoint;
    EXPECT_EQ(with_endpoint(endpoint, "GRPC").arize->endpoint.path, "") << endpoint;
  }
  EXPECT_EQ(with_endpoint("http://[::1]:6006", "HTTP").arize->endpoint,
            (Url{"http", {"::1", 6006}, "/v1/traces"}));
}

TEST(AgentConfig, AllowsPlaintextToALocalWorkspaceOnly) {
  const auto yaml = [](const std::string& url) {
    return "databricks: {workspaceURL: \"" + url + "\", table: a.b.c, auth: {tokenFile: t}}\n";
  };
  EXPECT_EQ(parsed(yaml("http://127.0.0.1:8080/")).databricks->workspace.authority.port, 8080);
  EXPECT_FALSE(parse_agent_config(yaml("http://databricks.test"), "/").config);
  EXPECT_FALSE(parse_agent_config(yaml("http://127.0.0.1.evil.test"), "/").config);
}

DatabricksConfig databricks_with(const std::string& rest) {
  return *parsed("databricks: {workspaceURL: 'https://w.example', table: a.b.c, " + rest + "}\n")
              .databricks;
}

TEST(AgentConfig, ReadsEachKindOfAuthentication) {
  EXPECT_EQ(databricks_with("auth: {token: {file: t}}").auth,
            DatabricksAuth(DatabricksToken{"/etc/dualtrace/t"}));
  EXPECT_EQ(databricks_with("auth: {tokenFile: t}").auth,  // the older notation
            DatabricksAuth(DatabricksToken{"/etc/dualtrace/t"}));
  EXPECT_EQ(databricks_with("auth: {oauth: {clientIDFile: i, clientSecretFile: s}}").auth,
            DatabricksAuth(DatabricksOAuth{"/etc/dualtrace/i", "/etc/dualtrace/s"}));
  EXPECT_EQ(databricks_with("auth: {workloadIdentity: {tokenFile: p}}").auth,
            DatabricksAuth(DatabricksWorkloadIdentity{"/etc/dualtrace/p", std::nullopt}));
  const std::string client = "6f1c2f6e-1111-4e1a-9d3c-0123456789ab";
  EXPECT_EQ(
      databricks_with("auth: {workloadIdentity: {tokenFile: p, clientID: " + client + "}}").auth,
      DatabricksAuth(DatabricksWorkloadIdentity{"/etc/dualtrace/p", client}));
}

TEST(AgentConfig, ReadsTheWayIn) {
  const std::string auth = "auth: {workloadIdentity: {tokenFile: p}}";
  EXPECT_EQ(databricks_with(auth).ingest, Ingest::kWorkspace);
  const DatabricksConfig found = databricks_with(auth + ", ingest: Zerobus");
  EXPECT_EQ(found.ingest, Ingest::kZerobus);
  EXPECT_EQ(found.zerobus, std::nullopt);
  for (const char* endpoint :
       {"z.example", "z.example:443", "https://z.example/", "https://z.example/v1/traces"}) {
    EXPECT_EQ(databricks_with(auth + ", ingest: Zerobus, zerobus: {endpoint: '" + endpoint + "'}")
                  .zerobus,
              (Url{"https", {"z.example", 443}, ""}))
        << endpoint;
  }
}

TEST(AgentConfig, ReadsEveryKeyOfTheReceiver) {
  const ReceiverConfig receiver = parsed(with_arize(R"(
receiver:
  listen: ["127.0.0.1:0", "[::1]:0"]
  threads: 2
  tls: {certificateFile: tls.crt, keyFile: tls.key, clientCAFile: ca.crt}
  limits:
    requestBytes: 4Mi
    memoryBytes: 32Mi
    connections: 10
    streams: 11
    headerBytes: 8Ki
    resetsPerSecond: 12
    idleTimeout: 1s
    headerTimeout: 200ms
    bodyTimeout: 1m30s
    bodyPace: 1Ki
)"))
                                      .receiver;
  const std::vector<HostPort> listen{{"127.0.0.1", 0}, {"::1", 0}};
  EXPECT_EQ(receiver.listen, listen);
  EXPECT_EQ(receiver.threads, 2);
  EXPECT_EQ(receiver.tls->certificate_file, "/etc/dualtrace/tls.crt");
  EXPECT_EQ(receiver.tls->key_file, "/etc/dualtrace/tls.key");
  EXPECT_EQ(receiver.tls->client_ca_file, "/etc/dualtrace/ca.crt");
  EXPECT_EQ(receiver.limits, (ReceiverLimits{.request_bytes = 4 << 20,
                                             .memory_bytes = 32 << 20,
                                             .connections = 10,
                                             .streams = 11,
                                             .header_bytes = 8 << 10,
                                             .resets_per_second = 12,
                                             .idle_timeout = std::chrono::seconds(1),
                                             .header_timeout = std::chrono::milliseconds(200),
                                             .body_timeout = std::chrono::seconds(90),
                                             .body_pace = 1024}));
}

TEST(AgentConfig, ReadsEveryKeyOfTheDelivery) {
  const DeliveryConfig delivery = parsed(with_arize(R"(
delivery:
  durability: Memory
  maxBacklog: 1Gi
  minFreeDisk: 20Gi
  maxAge: 1h
  folder: /data
  segmentBytes: 128Mi
  batchBytes: 10k
  batchBytesMax: 20k
  commitDelay: 2ms
  linger: 0s
  requestsInFlight: 8
  requestTimeout: 5s
  retryBase: 10ms
  retryMax: 20ms
  pauseProbe: 1s
  maxDeadLetters: 0
)"))
                                      .delivery;
  EXPECT_EQ(delivery.durability, DurabilityMode::kMemory);
  EXPECT_EQ(delivery.max_backlog, 1 << 30);
  EXPECT_EQ(delivery.min_free_disk, (DiskShare{.bytes = 20ULL << 30}));
  EXPECT_EQ(delivery.max_age, std::chrono::seconds(3600));
  EXPECT_EQ(delivery.folder, "/data");
  EXPECT_EQ(delivery.segment_bytes, 128 << 20);
  EXPECT_EQ(delivery.commit_delay, std::chrono::milliseconds(2));
  EXPECT_EQ(delivery.batch_bytes, 10'000);
  EXPECT_EQ(delivery.batch_bytes_max, 20'000);
  EXPECT_EQ(delivery.linger, std::chrono::milliseconds(0));
  EXPECT_EQ(delivery.requests_in_flight, 8);
  EXPECT_EQ(delivery.request_timeout, std::chrono::seconds(5));
  EXPECT_EQ(delivery.retry_base, std::chrono::milliseconds(10));
  EXPECT_EQ(delivery.retry_max, std::chrono::milliseconds(20));
  EXPECT_EQ(delivery.pause_probe, std::chrono::seconds(1));
  EXPECT_EQ(delivery.max_dead_letters, 0);
}

TEST(AgentConfig, ReadsTheRest) {
  const AgentConfig config = parsed(R"(
arize:
  region: EU
  protocol: HTTP
  project: support-agents
  credentials: {apiKeyFile: a, spaceIDFile: b}
  caFile: ca.crt
  compression: None
  proxyURL: http://proxy:3128
  proxyAuth: {usernameFile: user, passwordFile: /p/password}
databricks:
  workspaceURL: https://workspace.test
  table: main.traces.spans
  ingest: Workspace
  auth: {tokenFile: t}
  caFile: ca.crt
  compression: GZIP
  proxyURL: http://proxy:3128
observe: {listen: "[::]:8889"}
resourceAttributes: {k8s.cluster.name: blue, empty: ""}
drainTimeout: 5s
logLevel: Debug
)");
  EXPECT_EQ(config.arize->project, "support-agents");
  EXPECT_EQ(config.arize->tls.ca_file, "/etc/dualtrace/ca.crt");
  EXPECT_EQ(config.arize->compression, Compression::kNone);
  EXPECT_EQ(config.arize->proxy, (HttpProxy{.url = {"http", {"proxy", 3128}, ""},
                                            .username_file = "/etc/dualtrace/user",
                                            .password_file = "/p/password"}));
  EXPECT_EQ(config.databricks->tls.ca_file, "/etc/dualtrace/ca.crt");
  EXPECT_EQ(config.databricks->compression, Compression::kGzip);
  EXPECT_EQ(config.databricks->proxy, (HttpProxy{.url = {"http", {"proxy", 3128}, ""}}));
  EXPECT_EQ(std::get<DatabricksToken>(config.databricks->auth).file, "/etc/dualtrace/t");
  EXPECT_EQ(config.observe.listen, (HostPort{"::", 8889}));
  EXPECT_EQ(config.resource_attributes.at("k8s.cluster.name"), "blue");
  EXPECT_EQ(config.resource_attributes.at("empty"), "");
  EXPECT_EQ(config.drain_timeout, std::chrono::seconds(5));
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
}

}  // namespace
}  // namespace dualtrace

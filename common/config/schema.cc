// SPDX-License-Identifier: Apache-2.0
#include "common/config/schema.h"

#include <algorithm>
#include <array>

#include "common/config/rules.h"

namespace dualtrace {
namespace {

using enum KeyType;
using enum Takes;

constexpr uint32_t kUrlCharactersMax = 320;
constexpr uint32_t kQuantityCharactersMax = 32;

constexpr std::array<std::string_view, 3> kRegions = {"US", "EU", "CA"};
constexpr std::array<std::string_view, 2> kProtocols = {"GRPC", "HTTP"};
constexpr std::array<std::string_view, 2> kCompressions = {"None", "GZIP"};
constexpr std::array<std::string_view, 2> kIngests = {"Workspace", "Zerobus"};
constexpr std::array<std::string_view, 2> kDurabilities = {"Disk", "Memory"};
constexpr std::array<std::string_view, 4> kLogLevels = {"Debug", "Info", "Warn", "Error"};

template <auto... Members>
constexpr ConfigPlace tls = at<&AgentConfig::receiver, &ReceiverConfig::tls, Members...>;
template <auto... Members>
constexpr ConfigPlace limit = at<&AgentConfig::receiver, &ReceiverConfig::limits, Members...>;
template <auto... Members>
constexpr ConfigPlace arize = at<&AgentConfig::arize, Members...>;
template <auto... Members>
constexpr ConfigPlace databricks = at<&AgentConfig::databricks, Members...>;
template <auto... Members>
constexpr ConfigPlace delivery = at<&AgentConfig::delivery, Members...>;

// The member of the configured kind of authentication, if it is this kind.
template <typename Kind, auto Member>
ConfigValue auth(AgentConfig& config) {
  Kind* const kind = config.databricks ? std::get_if<Kind>(&config.databricks->auth) : nullptr;
  return kind == nullptr ? ConfigValue() : at<Member>(*kind);
}

constexpr SchemaKey bounded(std::string_view path, KeyType type, std::string_view fallback,
                            std::string_view least, std::string_view most, Takes takes,
                            ConfigPlace place, std::string_view meaning,
                            std::string_view note = {}) {
  return {.path = path,
          .type = type,
          .fallback = fallback,
          .least = least,
          .most = most,
          .takes = takes,
          .place = place,
          .meaning = meaning,
          .note = note};
}

// In the order of the configuration that the operator writes, and of the restart fingerprint.
constexpr auto kKeys = std::to_array<SchemaKey>({
    {.path = "receiver.listen",
     .type = kList,
     .fallback = "[\"[::]:4317\", \"[::]:4318\"]",
     .takes = kRestart,
     .place = at<&AgentConfig::receiver, &ReceiverConfig::listen>,
     .meaning =
         "IP addresses and ports to listen on, 1 to 16. Each serves OTLP/gRPC and OTLP/HTTP. "
         "`[::]` accepts IPv4, too. With port 0, the system chooses the port."},
    {.path = "receiver.tls.certificateFile",
     .type = kFile,
     .required = "the file with the certificate",
     .takes = kRestart,
     .place = tls<&TlsServerOptions::certificate_file>,
     .meaning = "PEM certificate chain of the receiver. If set, every address requires TLS. Needs "
                "`keyFile`."},
    {.path = "receiver.tls.keyFile",
     .type = kFile,
     .required = "the file with the certificate's key",
     .takes = kRestart,
     .place = tls<&TlsServerOptions::key_file>,
     .meaning = "PEM private key of that certificate."},
    {.path = "receiver.tls.clientCAFile",
     .type = kFile,
     .takes = kRestart,
     .place = tls<&TlsServerOptions::client_ca_file>,
     .meaning =
         "PEM certificates of the authorities that issue client certificates. If set, clients "
         "must present a certificate."},
    {.path = "receiver.threads",
     .type = kCount,
     .least = "1",
     .most = "64",
     .takes = kRestart,
     .place = at<&AgentConfig::receiver, &ReceiverConfig::threads>,
     .meaning = "Receiver threads. By default, as many as the CPUs that the agent may use, and at "
                "most 8: the whole CPUs of its cgroup's quota (the container's CPU limit), or else "
                "the machine's CPUs."},
    bounded("receiver.limits.requestBytes", kSize, "64Mi", "1Ki", "512Mi", kRestart,
            limit<&ReceiverLimits::request_bytes>,
            "The largest request, after decompression. Larger requests are refused. OTLP/JSON has "
            "the same limit, and takes twice its size while it is read."),
    bounded("receiver.limits.memoryBytes", kSize, "256Mi", "1Ki", "1Ti", kRestart,
            limit<&ReceiverLimits::memory_bytes>,
            "Bytes of all requests that are received and not yet stored. When they are used up, "
            "clients are asked to retry later. Clients have [shares](#shares) of it. At least "
            "`requestBytes`. The agent uses less, also for `requestBytes`, if the container's "
            "memory limit is too low ([memory use](operations.md#memory-use))."),
    bounded("receiver.limits.connections", kCount, "2000", "1", "100000", kRestart,
            limit<&ReceiverLimits::connections>,
            "Open connections. One more takes the place of another, or is closed: see "
            "[shares](#shares). The limit is lower if the limit of open files (`nofile`) is too "
            "low: about 320 are set aside, and a warning says how many connections are accepted."),
    bounded("receiver.limits.streams", kCount, "100", "1", "10000", kRestart,
            limit<&ReceiverLimits::streams>, "Concurrent requests on one HTTP/2 connection."),
    bounded("receiver.limits.headerBytes", kSize, "16Ki", "1Ki", "1Mi", kRestart,
            limit<&ReceiverLimits::header_bytes>, "Size of the headers of one request."),
    bounded("receiver.limits.resetsPerSecond", kCount, "100", "1", "100000", kRestart,
            limit<&ReceiverLimits::resets_per_second>,
            "Streams that a client may reset per second on one connection before the connection "
            "is closed."),
    bounded("receiver.limits.idleTimeout", kDuration, "5m", "10ms", "24h", kRestart,
            limit<&ReceiverLimits::idle_timeout>,
            "How long a connection may stay open without a request."),
    bounded("receiver.limits.headerTimeout", kDuration, "10s", "10ms", "1h", kRestart,
            limit<&ReceiverLimits::header_timeout>,
            "Time from the first byte of a request, TLS handshake included, to the end of its "
            "headers."),
    bounded("receiver.limits.bodyTimeout", kDuration, "1m", "10ms", "1h", kRestart,
            limit<&ReceiverLimits::body_timeout>,
            "Time from the end of the headers to the end of the body."),
    bounded("receiver.limits.bodyPace", kSize, "4Ki", "0", "1Gi", kRestart,
            limit<&ReceiverLimits::body_pace>,
            "Minimum speed of a body in bytes per second. A body that stalls for 5 seconds, or is "
            "slower for long, is answered with 408 or `DEADLINE_EXCEEDED`. 0: only `bodyTimeout` "
            "applies."),
    {.path = "observe.listen",
     .type = kAddress,
     .fallback = "127.0.0.1:8888",
     .takes = kRestart,
     .place = at<&AgentConfig::observe, &ObserveConfig::listen>,
     .meaning =
         "Address of `/metrics`, `/livez`, `/readyz` (can the agent accept and store spans?), "
         "`/readyz/receiver` (does it answer clients, even if it refuses?) and `/status`."},

    {.path = "arize.endpoint",
     .type = kUrl,
     .parse_url = parse_arize_endpoint,
     .place = arize<&ArizeConfig::endpoint>,
     .meaning = "The Arize endpoint: `host:port` (with TLS), such as otlp.arize.com:443, or a URL, "
                "`http(s)://host[:port][/v1/traces]`. `http://` sends in plaintext, for tests and "
                "private gateways. Set exactly one of `endpoint` and `region`."},
    {.path = "arize.region",
     .type = kChoice,
     .choices = kRegions,
     .meaning = "The Arize region of the account, instead of an endpoint."},
    {.path = "arize.protocol",
     .type = kChoice,
     .fallback = "GRPC",
     .choices = kProtocols,
     .place = arize<&ArizeConfig::protocol>,
     .meaning = "`GRPC`: OTLP over gRPC. `HTTP`: OTLP over HTTP, for networks that block gRPC."},
    {.path = "arize.project",
     .type = kText,
     .most_characters = 256,
     .check = check_project,
     .place = arize<&ArizeConfig::project>,
     .meaning = "The Arize project for spans whose application sets none. At most 256 bytes."},
    {.path = "arize.credentials.apiKeyFile",
     .type = kFile,
     .required = "the file with the Arize API key",
     .place = arize<&ArizeConfig::api_key_file>,
     .meaning = "The file with the API key."},
    {.path = "arize.credentials.spaceIDFile",
     .type = kFile,
     .required = "the file with the Arize space id",
     .place = arize<&ArizeConfig::space_id_file>,
     .meaning = "The file with the space id: the base64 id, not the name of the space."},
    {.path = "arize.caFile",
     .type = kFile,
     .place = at<&AgentConfig::arize, &ArizeConfig::tls, &TlsClientOptions::ca_file>,
     .meaning = "PEM certificates to trust instead of the system's."},
    {.path = "arize.compression",
     .type = kChoice,
     .fallback = "GZIP",
     .choices = kCompressions,
     .place = arize<&ArizeConfig::compression>,
     .meaning = "The compression of requests to Arize."},
    {.path = "arize.proxyURL",
     .type = kUrl,
     .parse_url = parse_proxy_url,
     .place = arize<&ArizeConfig::proxy, &HttpProxy::url>,
     .meaning = "`http://host:port` of a proxy that supports CONNECT."},
    {.path = "arize.proxyAuth.usernameFile",
     .type = kFile,
     .required = "the file with the proxy's user name",
     .place = arize<&ArizeConfig::proxy, &HttpProxy::username_file>,
     .meaning =
         "The file with the user name for the proxy (Basic), read for every new connection."},
    {.path = "arize.proxyAuth.passwordFile",
     .type = kFile,
     .required = "the file with the proxy's password",
     .place = arize<&ArizeConfig::proxy, &HttpProxy::password_file>,
     .meaning = "The file with the password for the proxy."},

    {.path = "databricks.workspaceURL",
     .type = kUrl,
     .required = "the URL of the workspace, such as https://dbc-a1b2c3d4-e5f6.cloud.databricks.com",
     .parse_url = parse_workspace_url,
     .place = databricks<&DatabricksConfig::workspace>,
     .meaning = "The URL of the workspace: https:// and the host, without a path or query, such as "
                "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com. http:// is allowed only to the "
                "agent's own pod or machine, for tests."},
    {.path = "databricks.table",
     .type = kText,
     .most_characters = 767,
     .required = "the table, as catalog.schema.table",
     .check = check_table_name,
     .place = databricks<&DatabricksConfig::table>,
     .meaning =
         "The Unity Catalog table, as catalog.schema.table. Each part consists of at most 255 "
         "letters, digits and _."},
    {.path = "databricks.ingest",
     .type = kChoice,
     .fallback = "Workspace",
     .choices = kIngests,
     .place = databricks<&DatabricksConfig::ingest>,
     .meaning =
         "The endpoint that receives the spans. `Workspace`: the OTLP endpoint of the "
         "workspace. `Zerobus`: the separate endpoint that Databricks recommends for new work; "
         "it requires a table of schema v2 and accepts no static token."},
    {.path = "databricks.zerobus.endpoint",
     .type = kUrl,
     .parse_url = parse_zerobus_endpoint,
     .place = databricks<&DatabricksConfig::zerobus>,
     .meaning =
         "https:// and the host, such as "
         "https://1234567890123456.zerobus.us-west-2.cloud.databricks.com. If unset, agents "
         "ask the workspace for the host and send only to a host in Databricks' own domains. "
         "http:// is allowed only to the agent's own pod or machine, for tests.",
     .note = "Only with `ingest: Zerobus`. Set it if discovery cannot find the host, or if you use "
             "a private domain: a token goes to a host outside Databricks' own domains only if "
             "that host is set here."},
    {.path = "databricks.auth.token.file",
     .type = kFile,
     .required = "the file with the Databricks token",
     .place = auth<DatabricksToken, &DatabricksToken::file>,
     .meaning = "The file with a token: a personal access token, or one that something else keeps "
                "fresh."},
    {.path = "databricks.auth.tokenFile",
     .type = kFile,
     .place = auth<DatabricksToken, &DatabricksToken::file>,
     .meaning = "The earlier name of `databricks.auth.token.file`."},
    {.path = "databricks.auth.oauth.clientIDFile",
     .type = kFile,
     .required = "the file with the service principal's application id",
     .place = auth<DatabricksOAuth, &DatabricksOAuth::client_id_file>,
     .meaning = "The file with the service principal's application id."},
    {.path = "databricks.auth.oauth.clientSecretFile",
     .type = kFile,
     .required = "the file with the service principal's OAuth secret",
     .place = auth<DatabricksOAuth, &DatabricksOAuth::client_secret_file>,
     .meaning = "The file with the service principal's OAuth secret."},
    {.path = "databricks.auth.workloadIdentity.tokenFile",
     .type = kFile,
     .required = "the file with the projected ServiceAccount token",
     .place = auth<DatabricksWorkloadIdentity, &DatabricksWorkloadIdentity::token_file>,
     .meaning = "The file with a projected ServiceAccount token, which the agent exchanges for a "
                "Databricks token."},
    {.path = "databricks.auth.workloadIdentity.clientID",
     .type = kText,
     .most_characters = 128,
     .check = check_client_id,
     .place = auth<DatabricksWorkloadIdentity, &DatabricksWorkloadIdentity::client_id>,
     .meaning =
         "The application ID of the service principal that the federation policy belongs to. "
         "If unset, the exchange uses an account-wide policy."},
    {.path = "databricks.caFile",
     .type = kFile,
     .place = at<&AgentConfig::databricks, &DatabricksConfig::tls, &TlsClientOptions::ca_file>,
     .meaning = "PEM certificates to trust instead of the system's."},
    {.path = "databricks.compression",
     .type = kChoice,
     .fallback = "None",
     .choices = kCompressions,
     .place = databricks<&DatabricksConfig::compression>,
     .meaning = "The compression of requests to Databricks."},
    {.path = "databricks.proxyURL",
     .type = kUrl,
     .parse_url = parse_proxy_url,
     .place = databricks<&DatabricksConfig::proxy, &HttpProxy::url>,
     .meaning = "`http://host:port` of a proxy that supports CONNECT."},
    {.path = "databricks.proxyAuth.usernameFile",
     .type = kFile,
     .required = "the file with the proxy's user name",
     .place = databricks<&DatabricksConfig::proxy, &HttpProxy::username_file>,
     .meaning =
         "The file with the user name for the proxy (Basic), read for every new connection."},
    {.path = "databricks.proxyAuth.passwordFile",
     .type = kFile,
     .required = "the file with the proxy's password",
     .place = databricks<&DatabricksConfig::proxy, &HttpProxy::password_file>,
     .meaning = "The file with the password for the proxy."},

    {.path = "delivery.durability",
     .type = kChoice,
     .fallback = "Disk",
     .choices = kDurabilities,
     .takes = kRestart,
     .place = delivery<&DeliveryConfig::durability>,
     .meaning = "`Disk`: the agent answers OK once the spans are on disk, so they survive a power "
                "loss. `Memory`: spans survive if the agent dies, but not if the node does."},
    {.path = "delivery.folder",
     .type = kFile,
     .fallback = "/var/lib/dualtrace",
     .takes = kRestart,
     .place = delivery<&DeliveryConfig::folder>,
     .meaning = "The folder of the journal."},
    bounded("delivery.maxBacklog", kSize, "4Gi", "1Mi", "64Ti", kReload,
            delivery<&DeliveryConfig::max_backlog>,
            "Maximum backlog per destination and node; the oldest spans beyond it expire and are "
            "counted.",
            "Counted as disk space, with headers and partly delivered segments. At least twice "
            "`segmentBytes`."),
    {.path = "delivery.minFreeDisk",
     .type = kShare,
     .fallback = "15%",
     .place = delivery<&DeliveryConfig::min_free_disk>,
     .meaning =
         "How much of the node's disk to leave free for others, as a size or a percentage, "
         "such as 20Gi or 15%. Below it, an agent accepts no new data, asks applications to "
         "retry, and frees the files that it does not need; it still delivers what it has "
         "stored. Keep this above the kubelet's eviction thresholds. 0: agents fill the disk "
         "up to `maxBacklog`. At most 90% or 64Ti.",
     .note = "The disk is that of `folder`, counted as the kubelet counts it "
             "([operations.md](operations.md#low-disk-space))."},
    bounded("delivery.maxAge", kSeconds, "72h", "1s", "8760h", kReload,
            delivery<&DeliveryConfig::max_age>,
            "How long a node keeps undelivered spans for a destination; older spans expire and "
            "are counted. Whole seconds, such as 72h or 1h30m."),
    bounded("delivery.segmentBytes", kSize, "65Mi", "1Mi", "1Gi", kRestart,
            delivery<&DeliveryConfig::segment_bytes>,
            "The size of a journal file. At least `receiver.limits.requestBytes` + 1Mi."),
    bounded("delivery.commitDelay", kDuration, "6ms", "0s", "1s", kRestart,
            delivery<&DeliveryConfig::commit_delay>,
            "With `durability: Disk`: the longest time that a request waits for others, so that "
            "one write and one sync store them together. Requests wait only while others are "
            "likely to arrive within this time. `0s` turns it off."),
    bounded("delivery.batchBytes", kSize, "1Mi", "1Ki", "64Mi", kReload,
            delivery<&DeliveryConfig::batch_bytes>,
            "The approximate size up to which requests to a destination are filled."),
    bounded("delivery.batchBytesMax", kSize, "3900k", "1Ki", "64Mi", kReload,
            delivery<&DeliveryConfig::batch_bytes_max>,
            "The largest request to a destination, unless a single span is larger. At least "
            "`batchBytes`; both destinations refuse more than 4 MB."),
    bounded("delivery.linger", kDuration, "200ms", "0s", "1m", kReload,
            delivery<&DeliveryConfig::linger>,
            "How long a batch waits to be filled. While batches follow each other, they wait 2.5 "
            "times as long."),
    bounded("delivery.requestsInFlight", kCount, "4", "1", "256", kReload,
            delivery<&DeliveryConfig::requests_in_flight>,
            "Concurrent requests to one destination."),
    bounded("delivery.requestTimeout", kDuration, "30s", "10ms", "1h", kReload,
            delivery<&DeliveryConfig::request_timeout>,
            "How long a destination may take to answer."),
    bounded("delivery.retryBase", kDuration, "1s", "1ms", "1h", kReload,
            delivery<&DeliveryConfig::retry_base>,
            "The wait before the first retry; it doubles, with jitter."),
    bounded("delivery.retryMax", kDuration, "30s", "1ms", "24h", kReload,
            delivery<&DeliveryConfig::retry_max>,
            "The longest wait between retries. At least `retryBase`."),
    bounded("delivery.pauseProbe", kDuration, "30s", "10ms", "24h", kReload,
            delivery<&DeliveryConfig::pause_probe>,
            "How often the agent probes a destination that rejected the credential."),
    bounded("delivery.maxDeadLetters", kSize, "64Mi", "0", "1Ti", kReload,
            delivery<&DeliveryConfig::max_dead_letters>,
            "Bytes of refused spans kept for each destination, with the reason."),

    {.path = "resourceAttributes",
     .type = kMap,
     .most_characters = 4096,
     .check = check_attribute_value,
     .meaning =
         "Resource attributes, such as k8s.cluster.name, added to spans whose application does "
         "not set an attribute of that name. Names have 1 to 256 bytes, values at most 4096.",
     .note = "At most 64."},
    bounded("drainTimeout", kDuration, "20s", "0s", "1h", kReload, at<&AgentConfig::drain_timeout>,
            "How long an agent keeps delivering its backlog while it shuts down. If the node is "
            "removed, what is left after this time is lost with its disk; otherwise the node's "
            "next agent delivers it."),
    {.path = "logLevel",
     .type = kChoice,
     .fallback = "Info",
     .choices = kLogLevels,
     .place = at<&AgentConfig::log_level>,
     .meaning = "The lowest severity that agents log."},
});

}  // namespace

std::span<const SchemaKey> config_schema() { return kKeys; }

const SchemaKey* find_key(std::string_view path) {
  const auto found = std::find_if(kKeys.begin(), kKeys.end(),
                                  [&](const SchemaKey& key) { return key.path == path; });
  return found == kKeys.end() ? nullptr : &*found;
}

std::string_view type_name(KeyType type) {
  switch (type) {
    case kText:
      return "text";
    case kFile:
      return "file path";
    case kUrl:
      return "URL";
    case kAddress:
      return "address";
    case kSize:
      return "size";
    case kShare:
      return "size or percentage";
    case kDuration:
      return "duration";
    case kSeconds:
      return "duration of whole seconds";
    case kCount:
      return "number";
    case kChoice:
      return "choice";
    case kList:
      return "list of addresses";
    case kMap:
      return "map of texts";
  }
  return "unknown";
}

uint32_t most_characters(const SchemaKey& key) {
  switch (key.type) {
    case kUrl:
      return kUrlCharactersMax;
    case kSize:
    case kShare:
    case kDuration:
    case kSeconds:
    case kCount:
      return kQuantityCharactersMax;
    default:
      return key.most_characters;
  }
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/config/schema.h"

#include <algorithm>
#include <array>

namespace dualtrace {
namespace {

using enum KeyType;

constexpr std::array<std::string_view, 3> kRegions = {"US", "EU", "CA"};
constexpr std::array<std::string_view, 2> kProtocols = {"GRPC", "HTTP"};
constexpr std::array<std::string_view, 2> kCompressions = {"None", "GZIP"};
constexpr std::array<std::string_view, 2> kIngests = {"Workspace", "Zerobus"};
constexpr std::array<std::string_view, 2> kDurabilities = {"Disk", "Memory"};
constexpr std::array<std::string_view, 4> kLogLevels = {"Debug", "Info", "Warn", "Error"};

constexpr auto kKeys = std::to_array<SchemaKey>({
    {.path = "receiver.listen", .type = kList, .fallback = "[\"[::]:4317\", \"[::]:4318\"]"},
    {.path = "receiver.tls.certificateFile", .type = kFile},
    {.path = "receiver.tls.keyFile", .type = kFile},
    {.path = "receiver.tls.clientCAFile", .type = kFile},
    {.path = "receiver.threads", .type = kCount, .least = "1", .most = "64"},
    {"receiver.limits.requestBytes", kSize, "64Mi", "1Ki", "512Mi"},
    {"receiver.limits.memoryBytes", kSize, "256Mi", "1Ki", "1Ti"},
    {"receiver.limits.connections", kCount, "2000", "1", "100000"},
    {"receiver.limits.streams", kCount, "100", "1", "10000"},
    {"receiver.limits.headerBytes", kSize, "16Ki", "1Ki", "1Mi"},
    {"receiver.limits.resetsPerSecond", kCount, "100", "1", "100000"},
    {"receiver.limits.idleTimeout", kDuration, "5m", "10ms", "24h"},
    {"receiver.limits.headerTimeout", kDuration, "10s", "10ms", "1h"},
    {"receiver.limits.bodyTimeout", kDuration, "1m", "10ms", "1h"},
    {"receiver.limits.bodyPace", kSize, "4Ki", "0", "1Gi"},

    {.path = "arize.endpoint", .type = kUrl},
    {.path = "arize.region", .type = kChoice, .choices = kRegions},
    {.path = "arize.protocol", .type = kChoice, .fallback = "GRPC", .choices = kProtocols},
    {.path = "arize.project", .type = kText},
    {.path = "arize.credentials.apiKeyFile", .type = kFile},
    {.path = "arize.credentials.spaceIDFile", .type = kFile},
    {.path = "arize.caFile", .type = kFile},
    {.path = "arize.compression", .type = kChoice, .fallback = "GZIP", .choices = kCompressions},
    {.path = "arize.proxyURL", .type = kUrl},
    {.path = "arize.proxyAuth.usernameFile", .type = kFile},
    {.path = "arize.proxyAuth.passwordFile", .type = kFile},

    {.path = "databricks.workspaceURL", .type = kUrl},
    {.path = "databricks.table", .type = kText},
    {.path = "databricks.ingest", .type = kChoice, .fallback = "Workspace", .choices = kIngests},
    {.path = "databricks.zerobus.endpoint", .type = kUrl},
    {.path = "databricks.auth.token.file", .type = kFile},
    {.path = "databricks.auth.tokenFile", .type = kFile},
    {.path = "databricks.auth.oauth.clientIDFile", .type = kFile},
    {.path = "databricks.auth.oauth.clientSecretFile", .type = kFile},
    {.path = "databricks.auth.workloadIdentity.tokenFile", .type = kFile},
    {.path = "databricks.auth.workloadIdentity.clientID", .type = kText},
    {.path = "databricks.caFile", .type = kFile},
    {.path = "databricks.compression",
     .type = kChoice,
     .fallback = "None",
     .choices = kCompressions},
    {.path = "databricks.proxyURL", .type = kUrl},
    {.path = "databricks.proxyAuth.usernameFile", .type = kFile},
    {.path = "databricks.proxyAuth.passwordFile", .type = kFile},

    {.path = "delivery.durability", .type = kChoice, .fallback = "Disk", .choices = kDurabilities},
    {.path = "delivery.folder", .type = kFile, .fallback = "/var/lib/dualtrace"},
    {"delivery.maxBacklog", kSize, "4Gi", "1Mi", "64Ti"},
    {.path = "delivery.minFreeDisk", .type = kShare, .fallback = "15%"},
    {"delivery.maxAge", kDuration, "72h", "1s", "8760h"},
    {"delivery.segmentBytes", kSize, "65Mi", "1Mi", "1Gi"},
    {"delivery.commitDelay", kDuration, "6ms", "0s", "1s"},
    {"delivery.batchBytes", kSize, "1Mi", "1Ki", "64Mi"},
    {"delivery.batchBytesMax", kSize, "3900k", "1Ki", "64Mi"},
    {"delivery.linger", kDuration, "200ms", "0s", "1m"},
    {"delivery.requestsInFlight", kCount, "4", "1", "256"},
    {"delivery.requestTimeout", kDuration, "30s", "10ms", "1h"},
    {"delivery.retryBase", kDuration, "1s", "1ms", "1h"},
    {"delivery.retryMax", kDuration, "30s", "1ms", "24h"},
    {"delivery.pauseProbe", kDuration, "30s", "10ms", "24h"},
    {"delivery.maxDeadLetters", kSize, "64Mi", "0", "1Ti"},

    {.path = "observe.listen", .type = kAddress, .fallback = "127.0.0.1:8888"},
    {.path = "resourceAttributes", .type = kMap},
    {.path = "drainTimeout", .type = kDuration, .fallback = "20s", .least = "0s", .most = "1h"},
    {.path = "logLevel", .type = kChoice, .fallback = "Info", .choices = kLogLevels},
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

}  // namespace dualtrace

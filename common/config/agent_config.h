// SPDX-License-Identifier: Apache-2.0
#pragma once
// AgentConfig: the agent's validated configuration. An invalid one cannot exist: only
// parse_agent_config() makes it, and reports every fault with its path. The agent reads it from a
// YAML file; the operator renders the same YAML and runs the same validation. All uses of yaml-cpp
// are in this folder's .cc files. docs/configuration.md describes every key (tested).
// Immutable.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/error/result.h"
#include "common/io/disk_share.h"
#include "common/net/http_proxy.h"
#include "common/net/tls.h"
#include "common/net/url.h"

namespace dualtrace {

enum class Compression { kNone, kGzip };
enum class ArizeProtocol { kGrpc, kHttp };
enum class Ingest { kWorkspace, kZerobus };
enum class DurabilityMode { kDisk, kMemory };

// Tests and tools also create receivers without a file, with the defaults of the schema (tested).
struct ReceiverLimits {                  // receiver.limits.*
  uint64_t request_bytes = 64ULL << 20;  // requestBytes: one request, after decompression
  uint64_t memory_bytes = 256ULL << 20;  // memoryBytes: everything received and not yet stored
  uint32_t connections = 2000;           // connections
  uint32_t streams = 100;                // streams: concurrent, per HTTP/2 connection
  uint32_t header_bytes = 16 * 1024;     // headerBytes: per request
  uint32_t resets_per_second = 100;      // resetsPerSecond: per connection, which is then closed
  std::chrono::milliseconds idle_timeout{300'000};   // idleTimeout: connection without a request
  std::chrono::milliseconds header_timeout{10'000};  // headerTimeout: to the end of the headers
  std::chrono::milliseconds body_timeout{60'000};    // bodyTimeout: end of headers to end of body
  uint64_t body_pace = 4096;  // bodyPace: minimum bytes per second of a body; 0: no minimum
  bool operator==(const ReceiverLimits&) const = default;
};

struct ReceiverConfig {                                      // receiver.*
  std::vector<HostPort> listen{{"::", 4317}, {"::", 4318}};  // each accepts every protocol
  std::optional<TlsServerOptions> tls;  // tls.{certificateFile,keyFile,clientCAFile}
  uint32_t threads = 0;                 // 0: one per CPU that the agent may use
  ReceiverLimits limits;
  bool operator==(const ReceiverConfig&) const = default;
};

struct ArizeConfig {  // arize.*
  // endpoint ("otlp.arize.com:443", or http(s)://host[:port][/v1[/traces]]) or
  // region: US | EU | CA. http:// is plaintext, for tests and private gateways; anything else is
  // TLS. The path is "/v1/traces" for HTTP and empty for gRPC.
  Url endpoint;
  ArizeProtocol protocol{};
  std::optional<std::string> project;  // added if the application set none
  std::string api_key_file;            // credentials.apiKeyFile
  std::string space_id_file;           // credentials.spaceIDFile
  TlsClientOptions tls;                // caFile
  Compression compression{};
  std::optional<HttpProxy> proxy;  // proxyURL, proxyAuth.{usernameFile,passwordFile}
  bool operator==(const ArizeConfig&) const = default;
};

// databricks.auth: exactly one of these.
struct DatabricksToken {
  std::string file;  // token.file, or tokenFile, its first name
  bool operator==(const DatabricksToken&) const = default;
};
struct DatabricksOAuth {
  std::string client_id_file;      // oauth.clientIDFile
  std::string client_secret_file;  // oauth.clientSecretFile
  bool operator==(const DatabricksOAuth&) const = default;
};
struct DatabricksWorkloadIdentity {
  std::string token_file;                // workloadIdentity.tokenFile: a projected token
  std::optional<std::string> client_id;  // workloadIdentity.clientID; none: account-wide policy
  bool operator==(const DatabricksWorkloadIdentity&) const = default;
};
using DatabricksAuth = std::variant<DatabricksToken, DatabricksOAuth, DatabricksWorkloadIdentity>;

struct DatabricksConfig {  // databricks.*
  Url workspace;           // workspaceURL
  std::string table;       // three-part Unity Catalog name
  Ingest ingest{};
  std::optional<Url> zerobus;  // zerobus.endpoint, without a path; none: discovered
  DatabricksAuth auth;
  TlsClientOptions tls;  // caFile
  Compression compression{};
  std::optional<HttpProxy> proxy;  // proxyURL, proxyAuth.{usernameFile,passwordFile}
  bool operator==(const DatabricksConfig&) const = default;
};

struct DeliveryConfig {  // delivery.*; parse_agent_config() fills in the defaults of the schema
  DurabilityMode durability{};
  uint64_t max_backlog = 0;                     // maxBacklog, per lane
  DiskShare min_free_disk;                      // minFreeDisk: left for others
  std::chrono::seconds max_age{};               // maxAge
  std::string folder;                           // folder
  uint64_t segment_bytes = 0;                   // segmentBytes; at least requestBytes + 1 MiB
  std::chrono::milliseconds commit_delay{};     // commitDelay: longest wait for a commit
  uint64_t batch_bytes = 0;                     // batchBytes: target
  uint64_t batch_bytes_max = 0;                 // batchBytesMax: cap
  std::chrono::milliseconds linger{};           // linger
  uint32_t requests_in_flight = 0;              // requestsInFlight, per lane
  std::chrono::milliseconds request_timeout{};  // requestTimeout
  std::chrono::milliseconds retry_base{};       // retryBase: first back-off
  std::chrono::milliseconds retry_max{};        // retryMax: largest back-off
  std::chrono::milliseconds pause_probe{};      // pauseProbe: retries of a refused credential
  uint64_t max_dead_letters = 0;                // maxDeadLetters: bytes kept, per lane
  bool operator==(const DeliveryConfig&) const = default;
};

struct ObserveConfig {  // observe.*
  HostPort listen;
  bool operator==(const ObserveConfig&) const = default;
};

enum class LogLevel { kDebug, kInfo, kWarn, kError };

class AgentConfig {
 public:
  ReceiverConfig receiver;
  std::optional<ArizeConfig> arize;  // at least one of the two is set
  std::optional<DatabricksConfig> databricks;
  DeliveryConfig delivery;
  ObserveConfig observe;
  std::map<std::string, std::string> resource_attributes;  // resourceAttributes: added where absent
  std::chrono::milliseconds drain_timeout{};               // drainTimeout: after SIGTERM
  LogLevel log_level{};                                    // logLevel

  // A lane for each.
  [[nodiscard]] uint64_t destinations() const { return (arize ? 1 : 0) + (databricks ? 1 : 0); }
  bool operator==(const AgentConfig&) const = default;

 private:
  AgentConfig() = default;
  friend class AgentConfigBuilder;
  friend std::string restart_fingerprint(const AgentConfig& config);
};

struct ConfigFault {
  std::string path;     // "databricks.workspaceURL"
  std::string message;  // what is wrong and what to write instead
  bool operator==(const ConfigFault&) const = default;
};

// The configuration, or a list of all faults, which is then never empty. Relative file paths are
// resolved against `folder`, the folder of the configuration file.
struct ConfigOrFaults {
  std::optional<AgentConfig> config;
  std::vector<ConfigFault> faults;
};
ConfigOrFaults parse_agent_config(std::string_view yaml, std::string_view folder);

// "path: message" lines, for people.
[[nodiscard]] std::string to_string(const std::vector<ConfigFault>& faults);

}  // namespace dualtrace

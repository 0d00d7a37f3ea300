// SPDX-License-Identifier: Apache-2.0
#include "common/config/agent_config.h"

#include <algorithm>
#include <array>

#include "common/config/raw_config.h"
#include "common/config/rules.h"
#include "common/config/value_reader.h"
#include "common/config/yaml_tree.h"

namespace dualtrace {
namespace {

constexpr size_t kListenMax = 16;
constexpr uint64_t kMebibyte = 1 << 20;

}  // namespace

// Reads each section, then checks the rules between them. It continues after a fault to find all of
// them.
class AgentConfigBuilder {
 public:
  AgentConfigBuilder(const RawConfig& raw, std::string_view folder,
                     std::vector<ConfigFault>& faults)
      : raw_(raw), reader_(raw, folder, faults) {}

  AgentConfig build() {
    read_receiver();
    if (raw_.sections.contains("arize")) read_arize(config_.arize.emplace());
    if (raw_.sections.contains("databricks")) read_databricks(config_.databricks.emplace());
    read_delivery();
    reader_.read_address("observe.listen", config_.observe.listen);
    read_resource_attributes();
    reader_.read_duration("drainTimeout", config_.drain_timeout);
    reader_.read_choice("logLevel",
                        {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError},
                        config_.log_level);
    check_rules();
    return std::move(config_);
  }

 private:
  void read_receiver() {
    ReceiverConfig& receiver = config_.receiver;
    read_listen(receiver.listen);
    reader_.read_count("receiver.threads", receiver.threads);
    if (raw_.sections.contains("receiver.tls")) {
      TlsServerOptions& tls = receiver.tls.emplace();
      reader_.require("receiver.tls.certificateFile", "TLS needs a certificate and its key");
      reader_.require("receiver.tls.keyFile", "TLS needs a certificate and its key");
      reader_.read_file("receiver.tls.certificateFile", tls.certificate_file);
      reader_.read_file("receiver.tls.keyFile", tls.key_file);
      reader_.read_file("receiver.tls.clientCAFile", tls.client_ca_file);
    }
    ReceiverLimits& limits = receiver.limits;
    reader_.read_size("receiver.limits.requestBytes", limits.request_bytes);
    reader_.read_size("receiver.limits.memoryBytes", limits.memory_bytes);
    reader_.read_count("receiver.limits.connections", limits.connections);
    reader_.read_count("receiver.limits.streams", limits.streams);
    reader_.read_size("receiver.limits.headerBytes", limits.header_bytes);
    reader_.read_count("receiver.limits.resetsPerSecond", limits.resets_per_second);
    reader_.read_duration("receiver.limits.idleTimeout", limits.idle_timeout);
    reader_.read_duration("receiver.limits.headerTimeout", limits.header_timeout);
    reader_.read_duration("receiver.limits.bodyTimeout", limits.body_timeout);
    reader_.read_size("receiver.limits.bodyPace", limits.body_pace);
  }

  void read_listen(std::vector<HostPort>& listen) {
    const auto written = raw_.lists.find("receiver.listen");
    if (written == raw_.lists.end()) return;
    if (written->second.empty() || written->second.size() > kListenMax) {
      return reader_.fault("receiver.listen", "expected 1 to 16 addresses");
    }
    listen.clear();
    for (const std::string& text : written->second) {
      const std::string path = "receiver.listen[" + std::to_string(listen.size()) + "]";
      auto address = ValueReader::parse_address(text);
      if (!address) {
        reader_.fault(path, address.error().message);
      } else if (address->port != 0 && std::count(listen.begin(), listen.end(), *address) > 0) {
        reader_.fault(path, "this address is listed twice");
      }
      listen.push_back(address ? *std::move(address) : HostPort{});
    }
  }

  void read_arize(ArizeConfig& arize) {
    reader_.read_choice("arize.protocol", {ArizeProtocol::kGrpc, ArizeProtocol::kHttp},
                        arize.protocol);
    read_arize_endpoint(arize);
    if (const std::string* project = reader_.text("arize.project")) {
      reader_.expect("arize.project", check_project(*project));
      arize.project = *project;
    }
    reader_.require("arize.credentials.apiKeyFile", "the file with the Arize API key");
    reader_.require("arize.credentials.spaceIDFile", "the file with the Arize space id");
    reader_.read_file("arize.credentials.apiKeyFile", arize.api_key_file);
    reader_.read_file("arize.credentials.spaceIDFile", arize.space_id_file);
    reader_.read_file("arize.caFile", arize.tls.ca_file);
    reader_.read_choice("arize.compression", {Compression::kNone, Compression::kGzip},
                        arize.compression);
    read_proxy("arize", arize.proxy);
  }

  void read_arize_endpoint(ArizeConfig& arize) {
    const std::string* endpoint = reader_.text("arize.endpoint");
    reader_.rule({"arize.endpoint", "arize.region"},
                 (endpoint != nullptr) != reader_.has("arize.region"),
                 "set exactly one of arize.endpoint and arize.region (US, EU or CA)");
    std::string_view host;
    reader_.read_choice<std::string_view>(
        "arize.region", {arize_host("US"), arize_host("EU"), arize_host("CA")}, host);
    arize.endpoint = {"https", {std::string(host), 443}, ""};
    if (endpoint != nullptr) {
      auto url = parse_arize_endpoint(*endpoint);
      if (!reader_.expect("arize.endpoint", url)) return;
      arize.endpoint = *std::move(url);
    }
    arize.endpoint.path = arize.protocol == ArizeProtocol::kHttp ? "/v1/traces" : "";
  }

  void read_databricks(DatabricksConfig& databricks) {
    read_workspace(databricks.workspace);
    reader_.require("databricks.table", "the table as catalog.schema.table");
    if (const std::string* table = reader_.text("databricks.table")) {
      reader_.expect("databricks.table", check_table_name(*table));
      databricks.table = *table;
    }
    reader_.read_choice("databricks.ingest", {Ingest::kWorkspace, Ingest::kZerobus},
                        databricks.ingest);
    read_zerobus(databricks);
    read_auth(databricks.auth);
    reader_.read_file("databricks.caFile", databricks.tls.ca_file);
    reader_.read_choice("databricks.compression", {Compression::kNone, Compression::kGzip},
                        databricks.compression);
    read_proxy("databricks", databricks.proxy);
  }

  void read_zerobus(DatabricksConfig& databricks) {
    constexpr std::string_view kPath = "databricks.zerobus.endpoint";
    const std::string* text = reader_.text(kPath);
    if (text == nullptr) return;
    reader_.rule({kPath, "databricks.ingest"}, databricks.ingest == Ingest::kZerobus,
                 "has no effect without databricks.ingest: Zerobus; set that, or remove this key");
    auto url = parse_zerobus_endpoint(*text);
    if (reader_.expect(kPath, url)) databricks.zerobus = *std::move(url);
  }

  void read_auth(DatabricksAuth& auth) {
    // The first name of this key, from before there were other credentials. It is still accepted.
    const bool early = reader_.has("databricks.auth.tokenFile");
    const bool token = early || raw_.sections.contains("databricks.auth.token");
    const bool oauth = raw_.sections.contains("databricks.auth.oauth");
    const bool identity = raw_.sections.contains("databricks.auth.workloadIdentity");
    reader_.rule({"databricks.auth", "databricks.auth.token", "databricks.auth.oauth",
                  "databricks.auth.workloadIdentity", "databricks.auth.tokenFile"},
                 int{token} + int{oauth} + int{identity} == 1,
                 "set exactly one of token, oauth and workloadIdentity");
    reader_.rule({"databricks.auth", "databricks.ingest"},
                 !token || config_.databricks->ingest == Ingest::kWorkspace,
                 "Zerobus does not accept a static token; use oauth or workloadIdentity");
    reader_.rule({"databricks.auth.token"},
                 !early || !raw_.sections.contains("databricks.auth.token"),
                 "is also set as tokenFile; set only token.file");
    if (token)
      auth = read_token(early ? "databricks.auth.tokenFile" : "databricks.auth.token.file");
    if (oauth) auth = read_oauth();
    if (identity) auth = read_workload_identity();
  }

  DatabricksToken read_token(std::string_view path) {
    DatabricksToken token;
    reader_.require(path, "the file with the Databricks token");
    reader_.read_file(path, token.file);
    return token;
  }

  DatabricksOAuth read_oauth() {
    DatabricksOAuth oauth;
    reader_.require("databricks.auth.oauth.clientIDFile",
                    "the file with the service principal's application id");
    reader_.require("databricks.auth.oauth.clientSecretFile",
                    "the file with the service principal's OAuth secret");
    reader_.read_file("databricks.auth.oauth.clientIDFile", oauth.client_id_file);
    reader_.read_file("databricks.auth.oauth.clientSecretFile", oauth.client_secret_file);
    return oauth;
  }

  DatabricksWorkloadIdentity read_workload_identity() {
    DatabricksWorkloadIdentity identity;
    reader_.require("databricks.auth.workloadIdentity.tokenFile",
                    "the file with the projected ServiceAccount token");
    reader_.read_file("databricks.auth.workloadIdentity.tokenFile", identity.token_file);
    if (const std::string* id = reader_.text("databricks.auth.workloadIdentity.clientID")) {
      reader_.expect("databricks.auth.workloadIdentity.clientID", check_client_id(*id));
      identity.client_id = *id;
    }
    return identity;
  }

  void read_workspace(Url& workspace) {
    constexpr std::string_view kPath = "databricks.workspaceURL";
    reader_.require(kPath, "such as https://dbc-a1b2c3d4-e5f6.cloud.databricks.com");
    const std::string* text = reader_.text(kPath);
    if (text == nullptr) return;
    auto url = parse_workspace_url(*text);
    if (reader_.expect(kPath, url)) workspace = *std::move(url);
  }

  void read_proxy(const std::string& destination, std::optional<HttpProxy>& proxy) {
    const std::string path = destination + ".proxyURL";
    const std::string auth = destination + ".proxyAuth";
    const bool wants_auth = raw_.sections.contains(auth);
    const std::string* text = reader_.text(path);
    reader_.rule({auth}, !wants_auth || text != nullptr,
                 "has no effect without proxyURL; set that, or remove this key");
    if (text == nullptr) return;
    auto url = parse_proxy_url(*text);
    if (!reader_.expect(path, url)) return;
    proxy = HttpProxy{.url = *std::move(url)};
    if (!wants_auth) return;
    reader_.require(auth + ".usernameFile", "the file with the proxy's user name");
    reader_.require(auth + ".passwordFile", "the file with the proxy's password");
    reader_.read_file(auth + ".usernameFile", proxy->username_file);
    reader_.read_file(auth + ".passwordFile", proxy->password_file);
  }

  void read_delivery() {
    DeliveryConfig& delivery = config_.delivery;
    reader_.read_choice("delivery.durability", {DurabilityMode::kDisk, DurabilityMode::kMemory},
                        delivery.durability);
    reader_.read_file("delivery.folder", delivery.folder);
    reader_.read_size("delivery.maxBacklog", delivery.max_backlog);
    reader_.read_share("delivery.minFreeDisk", delivery.min_free_disk);
    reader_.read_duration("delivery.maxAge", delivery.max_age);
    reader_.read_size("delivery.segmentBytes", delivery.segment_bytes);
    reader_.read_duration("delivery.commitDelay", delivery.commit_delay);
    reader_.read_size("delivery.batchBytes", delivery.batch_bytes);
    reader_.read_size("delivery.batchBytesMax", delivery.batch_bytes_max);
    reader_.read_duration("delivery.linger", delivery.linger);
    reader_.read_count("delivery.requestsInFlight", delivery.requests_in_flight);
    reader_.read_duration("delivery.requestTimeout", delivery.request_timeout);
    reader_.read_duration("delivery.retryBase", delivery.retry_base);
    reader_.read_duration("delivery.retryMax", delivery.retry_max);
    reader_.read_duration("delivery.pauseProbe", delivery.pause_probe);
    reader_.read_size("delivery.maxDeadLetters", delivery.max_dead_letters);
  }

  void read_resource_attributes() {
    const auto written = raw_.maps.find("resourceAttributes");
    if (written == raw_.maps.end()) return;
    reader_.rule({"resourceAttributes"}, written->second.size() <= kAttributesMax,
                 "at most 64 attributes");
    for (const auto& [name, value] : written->second) {
      if (reader_.expect("resourceAttributes", check_attribute_name(name))) {
        reader_.expect("resourceAttributes[" + name + "]", check_attribute_value(value));
      }
    }
    config_.resource_attributes = written->second;
  }

  void check_rules() {
    const ReceiverLimits& limits = config_.receiver.limits;
    const DeliveryConfig& delivery = config_.delivery;
    reader_.rule({"", "arize", "databricks"}, config_.arize || config_.databricks,
                 "no destination is configured; set arize, databricks or both");
    reader_.rule({"receiver.limits.memoryBytes", "receiver.limits.requestBytes"},
                 limits.memory_bytes >= limits.request_bytes,
                 "must be at least receiver.limits.requestBytes");
    reader_.rule({"delivery.segmentBytes", "receiver.limits.requestBytes"},
                 delivery.segment_bytes >= limits.request_bytes + kMebibyte,
                 "must be at least receiver.limits.requestBytes + 1Mi");
    reader_.rule({"delivery.maxBacklog", "delivery.segmentBytes"},
                 delivery.max_backlog / 2 >= delivery.segment_bytes,
                 "must be at least twice delivery.segmentBytes");
    reader_.rule({"delivery.batchBytesMax", "delivery.batchBytes"},
                 delivery.batch_bytes_max >= delivery.batch_bytes,
                 "must be at least delivery.batchBytes");
    reader_.rule({"delivery.retryMax", "delivery.retryBase"},
                 delivery.retry_max >= delivery.retry_base, "must be at least delivery.retryBase");
    const auto& listen = config_.receiver.listen;
    const HostPort& observe = config_.observe.listen;
    reader_.rule({"observe.listen"},
                 observe.port == 0 || std::count(listen.begin(), listen.end(), observe) == 0,
                 "the receiver already listens on this address");
  }

  const RawConfig& raw_;
  ValueReader reader_;
  AgentConfig config_;
};

ConfigOrFaults parse_agent_config(std::string_view yaml, std::string_view folder) {
  ConfigOrFaults result;
  const auto root = parse_yaml(yaml);
  if (!root) {
    result.faults.push_back({"", root.error().message});
    return result;
  }
  const RawConfig raw = read_raw_config(*root, result.faults);
  AgentConfig config = AgentConfigBuilder(raw, folder, result.faults).build();
  if (result.faults.empty()) result.config = std::move(config);
  return result;
}

std::string to_string(const std::vector<ConfigFault>& faults) {
  std::string lines;
  for (const ConfigFault& fault : faults) {
    if (!fault.path.empty()) lines += fault.path + ": ";
    lines += fault.message + "\n";
  }
  return lines;
}

}  // namespace dualtrace

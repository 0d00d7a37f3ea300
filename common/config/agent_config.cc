// SPDX-License-Identifier: Apache-2.0
#include "common/config/agent_config.h"

#include <algorithm>

#include "common/config/check_value.h"
#include "common/config/raw_config.h"
#include "common/config/rules.h"
#include "common/config/value.h"
#include "common/config/value_reader.h"
#include "common/config/yaml_tree.h"

namespace dualtrace {
namespace {

constexpr size_t kListenMax = 16;
constexpr uint64_t kMebibyte = 1 << 20;

}  // namespace

// Creates the sections that the file has, lets the reader fill in every value, then reads lists and
// maps and checks the rules between values. It continues after a fault to find all of them.
class AgentConfigBuilder {
 public:
  AgentConfigBuilder(const RawConfig& raw, std::string_view folder,
                     std::vector<ConfigFault>& faults)
      : raw_(raw), reader_(raw, folder, faults) {}

  AgentConfig build() {
    make_sections();
    reader_.read_values(config_);
    read_listen(config_.receiver.listen);
    if (config_.arize) finish_arize(*config_.arize);
    if (config_.databricks) check_databricks(*config_.databricks);
    read_resource_attributes();
    check_rules();
    return std::move(config_);
  }

 private:
  [[nodiscard]] bool has_section(std::string_view path) const {
    return raw_.sections.contains(path);
  }

  void make_sections() {
    if (has_section("receiver.tls")) config_.receiver.tls.emplace();
    if (has_section("arize")) {
      ArizeConfig& arize = config_.arize.emplace();
      if (reader_.has("arize.proxyURL")) arize.proxy.emplace();
    }
    if (has_section("databricks")) {
      DatabricksConfig& databricks = config_.databricks.emplace();
      if (reader_.has("databricks.proxyURL")) databricks.proxy.emplace();
      if (has_section("databricks.auth.oauth")) databricks.auth = DatabricksOAuth();
      if (has_section("databricks.auth.workloadIdentity")) {
        databricks.auth = DatabricksWorkloadIdentity();
      }
    }
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
      auto address = parse_address(text);
      if (!address) {
        reader_.fault(path, address.error().message);
      } else if (address->port != 0 && std::count(listen.begin(), listen.end(), *address) > 0) {
        reader_.fault(path, "this address is listed twice");
      }
      listen.push_back(address ? *std::move(address) : HostPort{});
    }
  }

  void finish_arize(ArizeConfig& arize) {
    reader_.rule("arize", {"arize.endpoint", "arize.region"},
                 reader_.has("arize.endpoint") != reader_.has("arize.region"),
                 kOneOfEndpointAndRegion);
    if (const std::string* region = reader_.text("arize.region")) {
      arize.endpoint = {"https", {std::string(arize_host(*region)), 443}, ""};
    }
    arize.endpoint.path = arize.protocol == ArizeProtocol::kHttp ? "/v1/traces" : "";
    check_proxy("arize");
  }

  void check_databricks(const DatabricksConfig& databricks) {
    reader_.rule("databricks", {"databricks.ingest"},
                 !has_section("databricks.zerobus") || databricks.ingest == Ingest::kZerobus,
                 kZerobusWithoutIngest);
    check_auth(databricks);
    check_proxy("databricks");
  }

  void check_auth(const DatabricksConfig& databricks) {
    // The first name of this key, from before there were other credentials. It is still accepted.
    const bool early = reader_.has("databricks.auth.tokenFile");
    const bool token = early || has_section("databricks.auth.token");
    const bool oauth = has_section("databricks.auth.oauth");
    const bool identity = has_section("databricks.auth.workloadIdentity");
    reader_.rule({"databricks.auth", "databricks.auth.token", "databricks.auth.oauth",
                  "databricks.auth.workloadIdentity", "databricks.auth.tokenFile"},
                 int{token} + int{oauth} + int{identity} == 1, kOneKindOfAuth);
    reader_.rule("databricks", {"databricks.auth", "databricks.ingest"},
                 !token || databricks.ingest == Ingest::kWorkspace, kZerobusWithToken);
    reader_.rule({"databricks.auth.token"}, !early || !has_section("databricks.auth.token"),
                 "is also set as tokenFile; set only token.file");
  }

  void check_proxy(const std::string& destination) {
    const std::string url = destination + ".proxyURL";
    reader_.rule(destination, {url}, !has_section(destination + ".proxyAuth") || reader_.has(url),
                 kProxyAuthWithoutProxy);
  }

  void read_resource_attributes() {
    constexpr std::string_view kPath = "resourceAttributes";
    const auto written = raw_.maps.find(kPath);
    if (written == raw_.maps.end()) return;
    reader_.rule({kPath}, written->second.size() <= kAttributesMax,
                 too_many_entries(kAttributesMax));
    for (const auto& [name, value] : written->second) {
      if (reader_.expect(kPath, check_attribute_name(name))) {
        reader_.expect(std::string(kPath) + "[" + name + "]", check_value(*find_key(kPath), value));
      }
    }
    config_.resource_attributes = written->second;
  }

  void check_rules() {
    const ReceiverLimits& limits = config_.receiver.limits;
    const DeliveryConfig& delivery = config_.delivery;
    reader_.rule({"", "arize", "databricks"}, config_.arize || config_.databricks, kNoDestination);
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

// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/agent_config.h"

#include <array>
#include <utility>

#include "common/config/render.h"
#include "common/config/schema.h"
#include "common/config/value.h"
#include "operator/plan/layout.h"
#include "operator/plan/quantity.h"
#include "operator/plan/sizes.h"

namespace dualtrace::ctl {
namespace {

// Keys whose field has another name, longer keys first. Every other key has the name of its field.
struct Renamed {
  std::string_view key;
  std::string_view field;
};
constexpr std::array kRenamed = {
    Renamed{"arize.credentials.apiKeyFile", "arize.credentials.apiKeyKey"},
    Renamed{"arize.credentials.spaceIDFile", "arize.credentials.spaceIDKey"},
    Renamed{"arize.caFile", "arize.ca"},
    Renamed{"arize.proxyAuth.usernameFile", "arize.proxyAuth.usernameKey"},
    Renamed{"arize.proxyAuth.passwordFile", "arize.proxyAuth.passwordKey"},
    Renamed{"databricks.auth.token", "databricks.auth.token"},
    Renamed{"databricks.auth.oauth.clientIDFile", "databricks.auth.oauth.clientIDKey"},
    Renamed{"databricks.auth.oauth.clientSecretFile", "databricks.auth.oauth.clientSecretKey"},
    Renamed{"databricks.auth.workloadIdentity.tokenFile", "databricks.auth.workloadIdentity"},
    Renamed{"databricks.caFile", "databricks.ca"},
    Renamed{"databricks.proxyAuth.usernameFile", "databricks.proxyAuth.usernameKey"},
    Renamed{"databricks.proxyAuth.passwordFile", "databricks.proxyAuth.passwordKey"},
    Renamed{"receiver.limits", "agent.resources.limits.memory"},
    Renamed{"drainTimeout", "delivery.drainTimeout"},
    Renamed{"logLevel", "agent.logLevel"},
};

using Nodes = std::vector<YamlNode>;

void add_text(Nodes& nodes, std::string_view key, const std::optional<std::string>& text) {
  if (text) nodes.push_back(yaml_text(key, *text));
}

YamlNode receiver_section(const ReceiverSizes& sizes) {
  const auto listen = [](uint16_t port) { return "[::]:" + std::to_string(port); };
  return yaml_map("receiver",
                  {yaml_list("listen", {listen(kOtlpGrpcPort), listen(kOtlpHttpPort)}),
                   yaml_map("limits", {yaml_text("requestBytes", quantity(sizes.request_bytes)),
                                       yaml_text("memoryBytes", quantity(sizes.memory_bytes))})});
}

void add_proxy(Nodes& nodes, const std::optional<std::string>& url,
               const std::optional<ProxyAuth>& auth, std::string_view username_file,
               std::string_view password_file) {
  add_text(nodes, "proxyURL", url);
  if (!auth) return;
  nodes.push_back(
      yaml_map("proxyAuth", {yaml_text("usernameFile", credential_path(username_file)),
                             yaml_text("passwordFile", credential_path(password_file))}));
}

YamlNode arize_section(const ArizeSpec& arize) {
  Nodes nodes;
  add_text(nodes, "endpoint", arize.endpoint);
  add_text(nodes, "region", arize.region);
  add_text(nodes, "protocol", arize.protocol);
  add_text(nodes, "project", arize.project);
  nodes.push_back(
      yaml_map("credentials", {yaml_text("apiKeyFile", credential_path(kArizeApiKeyFile)),
                               yaml_text("spaceIDFile", credential_path(kArizeSpaceIdFile))}));
  if (arize.ca) nodes.push_back(yaml_text("caFile", credential_path(kArizeCaFile)));
  add_text(nodes, "compression", arize.compression);
  add_proxy(nodes, arize.proxy_url, arize.proxy_auth, kArizeProxyUsernameFile,
            kArizeProxyPasswordFile);
  return yaml_map("arize", std::move(nodes));
}

YamlNode auth_node(const DatabricksAuthSpec& auth) {
  if (std::holds_alternative<OAuthAuth>(auth)) {
    return yaml_map("oauth",
                    {yaml_text("clientIDFile", credential_path(kDatabricksClientIdFile)),
                     yaml_text("clientSecretFile", credential_path(kDatabricksClientSecretFile))});
  }
  if (const auto* const identity = std::get_if<WorkloadIdentityAuth>(&auth)) {
    Nodes nodes = {yaml_text("tokenFile", identity_path(kDatabricksIdentityFile))};
    add_text(nodes, "clientID", identity->client_id);
    return yaml_map("workloadIdentity", std::move(nodes));
  }
  // Under its old name: agents of the previous release know no other, and read this configuration
  // until the rollout reaches them.
  return yaml_text("tokenFile", credential_path(kDatabricksTokenFile));
}

YamlNode databricks_section(const DatabricksSpec& databricks) {
  Nodes nodes;
  add_text(nodes, "workspaceURL", databricks.workspace_url);
  add_text(nodes, "table", databricks.table);
  add_text(nodes, "ingest", databricks.ingest);
  if (databricks.zerobus_endpoint) {
    nodes.push_back(yaml_map("zerobus", {yaml_text("endpoint", *databricks.zerobus_endpoint)}));
  }
  nodes.push_back(yaml_map("auth", {auth_node(databricks.auth)}));
  if (databricks.ca) nodes.push_back(yaml_text("caFile", credential_path(kDatabricksCaFile)));
  add_text(nodes, "compression", databricks.compression);
  add_proxy(nodes, databricks.proxy_url, databricks.proxy_auth, kDatabricksProxyUsernameFile,
            kDatabricksProxyPasswordFile);
  return yaml_map("databricks", std::move(nodes));
}

YamlNode delivery_section(const DeliverySpec& delivery) {
  Nodes nodes = {yaml_text("durability", delivery.durability), yaml_text("folder", kDataFolder),
                 yaml_text("maxBacklog", delivery.max_backlog),
                 yaml_text("maxAge", delivery.max_age)};
  // Agents of the previous release do not know the key, and read this configuration until the
  // rollout reaches them: the key is written only if the export sets the field.
  constexpr std::string_view kKey = "delivery.minFreeDisk";
  if (delivery.min_free_disk != find_key(kKey)->fallback) {
    nodes.push_back(yaml_text("minFreeDisk", delivery.min_free_disk));
  }
  return yaml_map("delivery", std::move(nodes));
}

YamlNode config_tree(const DualTraceExport& wanted, const ReceiverSizes& sizes) {
  Nodes nodes = {receiver_section(sizes)};
  if (wanted.arize) nodes.push_back(arize_section(*wanted.arize));
  if (wanted.databricks) nodes.push_back(databricks_section(*wanted.databricks));
  nodes.push_back(delivery_section(wanted.delivery));
  // The kubelet's probes and the operator come from outside the pod.
  nodes.push_back(
      yaml_map("observe", {yaml_text("listen", "[::]:" + std::to_string(kStatusPort))}));
  if (!wanted.resource_attributes.empty()) {
    Nodes attributes;
    for (const auto& [name, value] : wanted.resource_attributes) {
      attributes.push_back(yaml_text(name, value));
    }
    nodes.push_back(yaml_map("resourceAttributes", std::move(attributes)));
  }
  nodes.push_back(yaml_text("drainTimeout", wanted.delivery.drain_timeout));
  nodes.push_back(yaml_text("logLevel", wanted.agent.log_level));
  return yaml_map("", std::move(nodes));
}

Result<ReceiverSizes> sizes_of(const AgentSpec& agent) {
  const auto limit = parse_size(text_at(agent.resources, {"limits", "memory"}));
  if (!limit) return fail(limit.error());
  return receiver_sizes(*limit);
}

}  // namespace

std::string export_path(std::string_view config_path) {
  if (config_path.empty()) return "spec";
  for (const Renamed& renamed : kRenamed) {
    if (config_path.starts_with(renamed.key)) return "spec." + std::string(renamed.field);
  }
  return "spec." + std::string(config_path);
}

AgentYamlOrFaults agent_yaml(const DualTraceExport& wanted) {
  AgentYamlOrFaults result;
  const auto sizes = sizes_of(wanted.agent);
  if (!sizes) {
    result.faults.push_back({export_path("receiver.limits"), sizes.error().message});
    return result;
  }
  std::string text = "# Generated by dualtrace-operator from DualTraceExport " +
                     wanted.key.to_string() + "; edit that export instead.\n" +
                     render_yaml(config_tree(wanted, *sizes));
  ConfigOrFaults parsed = parse_agent_config(text, kConfigFolder);
  for (ConfigFault& fault : parsed.faults) {
    result.faults.push_back({export_path(fault.path), std::move(fault.message)});
  }
  if (parsed.config) result.yaml = AgentYaml{std::move(text), *std::move(parsed.config)};
  return result;
}

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/agent_config.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <variant>

#include "common/config/receiver_sizes.h"
#include "common/config/render.h"
#include "common/config/schema.h"
#include "common/config/value.h"
#include "operator/api/export_fields.h"
#include "operator/plan/layout.h"
#include "operator/plan/quantity.h"

namespace dualtrace::ctl {
namespace {

// Keys whose values the operator itself writes, and the fields that they come from.
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
};

// A value for each key that is set.
struct ConfigValues {
  std::map<std::string_view, std::string> texts;
  std::vector<std::string> listen;                // receiver.listen
  std::map<std::string, std::string> attributes;  // resourceAttributes
};

std::string address(uint16_t port) { return "[::]:" + std::to_string(port); }

void add_proxy_auth(std::string_view username_key, std::string_view username_file,
                    std::string_view password_key, std::string_view password_file,
                    ConfigValues& values) {
  values.texts[username_key] = credential_path(username_file);
  values.texts[password_key] = credential_path(password_file);
}

void add_arize(const ArizeSpec& arize, ConfigValues& values) {
  values.texts["arize.credentials.apiKeyFile"] = credential_path(kArizeApiKeyFile);
  values.texts["arize.credentials.spaceIDFile"] = credential_path(kArizeSpaceIdFile);
  if (arize.ca) values.texts["arize.caFile"] = credential_path(kArizeCaFile);
  if (arize.proxy_auth) {
    add_proxy_auth("arize.proxyAuth.usernameFile", kArizeProxyUsernameFile,
                   "arize.proxyAuth.passwordFile", kArizeProxyPasswordFile, values);
  }
}

void add_auth(const TokenAuth& /*auth*/, ConfigValues& values) {
  // Under its old name: agents of the previous release know only that one, and read this
  // configuration until the rollout reaches them.
  values.texts["databricks.auth.tokenFile"] = credential_path(kDatabricksTokenFile);
}

void add_auth(const OAuthAuth& /*auth*/, ConfigValues& values) {
  values.texts["databricks.auth.oauth.clientIDFile"] = credential_path(kDatabricksClientIdFile);
  values.texts["databricks.auth.oauth.clientSecretFile"] =
      credential_path(kDatabricksClientSecretFile);
}

void add_auth(const WorkloadIdentityAuth& /*auth*/, ConfigValues& values) {
  values.texts["databricks.auth.workloadIdentity.tokenFile"] =
      identity_path(kDatabricksIdentityFile);
}

void add_databricks(const DatabricksSpec& databricks, ConfigValues& values) {
  std::visit([&](const auto& auth) { add_auth(auth, values); }, databricks.auth);
  if (databricks.ca) values.texts["databricks.caFile"] = credential_path(kDatabricksCaFile);
  if (databricks.proxy_auth) {
    add_proxy_auth("databricks.proxyAuth.usernameFile", kDatabricksProxyUsernameFile,
                   "databricks.proxyAuth.passwordFile", kDatabricksProxyPasswordFile, values);
  }
}

// Agents of the previous release refuse keys that they do not know, and read this configuration
// until the rollout reaches them: a setting is written only if it is not the default.
void add_settings(const Settings& settings, ConfigValues& values) {
  for (const auto& [key, text] : settings) {
    if (text != find_key(key)->fallback) values.texts[key] = text;
  }
}

ConfigValues config_values(const DualTraceExport& wanted, const ReceiverSizes& sizes) {
  ConfigValues values;
  add_settings(wanted.settings, values);
  values.listen = {address(kOtlpGrpcPort), address(kOtlpHttpPort)};
  values.texts["receiver.limits.requestBytes"] = quantity(sizes.request_bytes);
  values.texts["receiver.limits.memoryBytes"] = quantity(sizes.memory_bytes);
  // The kubelet's probes and the operator come from outside the pod.
  values.texts["observe.listen"] = address(kStatusPort);
  if (wanted.arize) add_arize(*wanted.arize, values);
  if (wanted.databricks) add_databricks(*wanted.databricks, values);
  values.texts["delivery.folder"] = kDataFolder;
  values.attributes = wanted.resource_attributes;
  return values;
}

// Adds `value` to the tree under its path, whose sections are made when they are missing.
void add_node(YamlNode& root, std::string_view path, YamlNode value) {
  YamlNode* section = &root;
  for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const std::string_view name = path.substr(0, dot);
    path.remove_prefix(dot + 1);
    auto& children = section->children;
    const auto found = std::find_if(children.begin(), children.end(),
                                    [&](const YamlNode& child) { return child.key == name; });
    section = found != children.end() ? &*found : &children.emplace_back(yaml_map(name, {}));
  }
  value.key = path;
  section->children.push_back(std::move(value));
}

// In the order of the schema.
YamlNode config_tree(const ConfigValues& values) {
  YamlNode root = yaml_map("", {});
  for (const SchemaKey& key : config_schema()) {
    if (key.type == KeyType::kList) {
      add_node(root, key.path, yaml_list("", values.listen));
    } else if (key.type == KeyType::kMap && !values.attributes.empty()) {
      std::vector<YamlNode> entries;
      for (const auto& [name, value] : values.attributes) entries.push_back(yaml_text(name, value));
      add_node(root, key.path, yaml_map("", std::move(entries)));
    } else if (const auto text = values.texts.find(key.path); text != values.texts.end()) {
      add_node(root, key.path, yaml_text("", text->second));
    }
  }
  return root;
}

Result<ReceiverSizes> sizes_of(const AgentSpec& agent) {
  const auto limit = parse_size(text_at(agent.resources, {"limits", "memory"}));
  if (!limit) return fail(limit.error());
  return receiver_sizes(*limit);
}

}  // namespace

std::string export_path(std::string_view config_path) {
  if (config_path.empty()) return "spec";
  for (const ExportField& field : export_fields()) {
    if (field.config_key == config_path) return std::string(field.path);
  }
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
                     render_yaml(config_tree(config_values(wanted, *sizes)));
  ConfigOrFaults parsed = parse_agent_config(text, kConfigFolder);
  for (ConfigFault& fault : parsed.faults) {
    result.faults.push_back({export_path(fault.path), std::move(fault.message)});
  }
  if (parsed.config) result.yaml = AgentYaml{std::move(text), *std::move(parsed.config)};
  return result;
}

}  // namespace dualtrace::ctl

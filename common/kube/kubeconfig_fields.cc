// SPDX-License-Identifier: Apache-2.0
#include "common/kube/kubeconfig_fields.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/bytes/base64.h"

namespace dualtrace::kube {
namespace {

constexpr std::string_view kExecGroup = "client.authentication.k8s.io/";

Failure refuse(const KubeconfigEntry& entry, std::string_view field, std::string_view why) {
  return fail(ErrorKind::kInvalid, entry.label + std::string(field) + ": " + std::string(why));
}

std::string path_of(const KubeconfigEntry& entry, std::string_view key) {
  const std::string text = text_of(entry.fields, key);
  if (text.empty()) return {};
  return (std::filesystem::path(entry.folder) / text).lexically_normal().string();
}

// `key`-data, decoded.
Result<std::string> decoded_of(const KubeconfigEntry& entry, std::string_view key) {
  std::string text = text_of(entry.fields, key);
  text.erase(std::remove_if(text.begin(), text.end(),
                            [](char c) { return c == '\n' || c == '\r' || c == ' '; }),
             text.end());
  auto decoded = decode_base64(text);
  if (!decoded) return refuse(entry, key, "not base64");
  return *std::move(decoded);
}

Result<bool> flag_of(const KubeconfigEntry& entry, const YamlNode& map, std::string_view key) {
  const std::string text = text_of(map, key);
  if (text == "true") return true;
  if (text.empty() || text == "false") return false;
  return refuse(entry, key, "neither true nor false");
}

Status read_proxy(const KubeconfigEntry& entry, ClientConfig& config) {
  const std::string text = text_of(entry.fields, "proxy-url");
  if (text.empty()) return {};
  auto proxy = parse_url(text);
  if (!proxy) return refuse(entry, "proxy-url", proxy.error().message);
  if (proxy->secure()) return refuse(entry, "proxy-url", "only http:// proxies are supported");
  config.proxy = *std::move(proxy);
  return {};
}

Result<ExecPlugin> read_exec(const KubeconfigEntry& entry, const YamlNode& exec) {
  ExecPlugin plugin{.api_version = text_of(exec, "apiVersion"),
                    .command = text_of(exec, "command")};
  const bool v1 = plugin.api_version == std::string(kExecGroup) + "v1";
  if (!v1 && plugin.api_version != std::string(kExecGroup) + "v1beta1") {
    return refuse(entry, "exec.apiVersion",
                  "neither client.authentication.k8s.io/v1 nor …/v1beta1");
  }
  if (plugin.command.empty()) return refuse(entry, "exec.command", "missing");
  if (plugin.command.find('/') != std::string::npos) {
    plugin.command = std::filesystem::path(entry.folder) / plugin.command;
  }
  const std::string mode = text_of(exec, "interactiveMode");
  if (mode == "Always") {
    return refuse(entry, "exec.interactiveMode", "Always: there is no terminal for a prompt");
  }
  if (mode != "Never" && mode != "IfAvailable" && (v1 || !mode.empty())) {
    return refuse(entry, "exec.interactiveMode", "neither Never nor IfAvailable");
  }
  const auto wants = flag_of(entry, exec, "provideClusterInfo");
  if (!wants) return fail(wants.error());
  plugin.wants_cluster_info = *wants;
  if (const YamlNode* arguments = child_of(exec, "args")) {
    for (const YamlNode& argument : arguments->children) plugin.arguments.push_back(argument.text);
  }
  if (const YamlNode* environment = child_of(exec, "env")) {
    for (const YamlNode& one : environment->children) {
      plugin.environment.emplace_back(text_of(one, "name"), text_of(one, "value"));
    }
  }
  return plugin;
}

Status read_certificate(const KubeconfigEntry& entry, TlsClientOptions& tls) {
  auto certificate = decoded_of(entry, "client-certificate-data");
  if (!certificate) return fail(certificate.error());
  auto key = decoded_of(entry, "client-key-data");
  if (!key) return fail(key.error());
  tls.certificate_text = *std::move(certificate);
  tls.key_text = *std::move(key);
  tls.certificate_file = path_of(entry, "client-certificate");
  tls.key_file = path_of(entry, "client-key");
  const bool has_certificate = !tls.certificate_text.empty() || !tls.certificate_file.empty();
  const bool has_key = !tls.key_text.empty() || !tls.key_file.empty();
  if (has_certificate != has_key) {
    return refuse(entry, "client-certificate, client-key", "one of them is missing");
  }
  return {};
}

}  // namespace

const YamlNode* child_of(const YamlNode& map, std::string_view key) {
  for (const YamlNode& child : map.children) {
    if (child.key == key && child.kind != YamlNode::Kind::kNull) return &child;
  }
  return nullptr;
}

std::string text_of(const YamlNode& map, std::string_view key) {
  const YamlNode* child = child_of(map, key);
  return child == nullptr ? std::string() : child->text;
}

Status read_cluster(const KubeconfigEntry& entry, ClientConfig& config) {
  auto server = parse_url(text_of(entry.fields, "server"));
  if (!server) return refuse(entry, "server", server.error().message);
  config.server = *std::move(server);
  auto authority = decoded_of(entry, "certificate-authority-data");
  if (!authority) return fail(authority.error());
  config.tls.ca_text = *std::move(authority);
  config.tls.ca_file = path_of(entry, "certificate-authority");
  config.tls.server_name = text_of(entry.fields, "tls-server-name");
  const auto insecure = flag_of(entry, entry.fields, "insecure-skip-tls-verify");
  if (!insecure) return fail(insecure.error());
  config.tls.insecure = *insecure;
  return read_proxy(entry, config);
}

Status read_user(const KubeconfigEntry& entry, ClientConfig& config) {
  for (const char* field : {"auth-provider", "as", "as-groups", "as-uid", "as-user-extra"}) {
    if (child_of(entry.fields, field) != nullptr) return refuse(entry, field, "not supported");
  }
  config.token_file = path_of(entry, "tokenFile");
  config.token = text_of(entry.fields, "token");
  config.username = text_of(entry.fields, "username");
  config.password = text_of(entry.fields, "password");
  if (const YamlNode* exec = child_of(entry.fields, "exec")) {
    auto plugin = read_exec(entry, *exec);
    if (!plugin) return fail(plugin.error());
    config.exec = *std::move(plugin);
  }
  return read_certificate(entry, config.tls);
}

}  // namespace dualtrace::kube

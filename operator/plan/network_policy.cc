// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "operator/plan/child.h"
#include "operator/plan/layout.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

Json port(uint16_t number, std::string_view protocol = "TCP") {
  return {{"port", number}, {"protocol", protocol}};
}

// A peer: the pods of all namespaces.
Json everybody() { return {{"namespaceSelector", Json::object()}}; }

// An endpoint that agents discover themselves: a host of Databricks', on the usual port.
Url discovered_zerobus() {
  constexpr uint16_t kHttps = 443;
  return {.scheme = "https", .authority = {"zerobus.cloud.databricks.com", kHttps}, .path = ""};
}

// The endpoint that the agent connects to: the proxy, if there is one.
std::vector<HostPort> called(const AgentConfig& config) {
  std::vector<HostPort> all;
  const auto add = [&](const Url& destination, const std::optional<HttpProxy>& proxy) {
    all.push_back(proxy ? proxy->url.authority : destination.authority);
  };
  if (config.arize) add(config.arize->endpoint, config.arize->proxy);
  if (config.databricks) {
    add(config.databricks->workspace, config.databricks->proxy);
    if (config.databricks->ingest == Ingest::kZerobus) {
      add(config.databricks->zerobus.value_or(discovered_zerobus()), config.databricks->proxy);
    }
  }
  return all;
}

// A Service of this cluster: "proxy", "proxy.tools.svc", "proxy.tools.svc.cluster.local".
bool is_service(const std::string& host) {
  if (host.find(':') != std::string::npos) return false;  // IPv6
  return host.find('.') == std::string::npos || host.ends_with(".svc") ||
         host.find(".svc.") != std::string::npos;
}

Json egress_rules(const AgentConfig& config) {
  std::set<uint16_t> ports;
  bool services = false;
  for (const HostPort& address : called(config)) {
    ports.insert(address.port);
    services = services || is_service(address.host);
  }
  // To any address: policies cannot match host names, and a node-local DNS cache is not a pod. The
  // pods behind some clusters' DNS Service listen on 5353.
  Json rules = Json::array(
      {{{"ports", Json::array({port(53, "UDP"), port(53), port(5353, "UDP"), port(5353)})}}});
  Json destinations = Json::array();
  for (const uint16_t number : ports) destinations.push_back(port(number));
  rules.push_back({{"ports", destinations}});
  // Policies match the port of the pod behind a Service, which is not known here.
  if (services) {
    rules.push_back({{"to", Json::array({{{"namespaceSelector", Json::object()}}})}});
  }
  return rules;
}

// The pods of the export's own namespace, and of the namespaces that it admits.
Json senders(const DualTraceExport& wanted) {
  const auto others = who_may_send(wanted.injection.namespace_selector, wanted.consent);
  if (others == LabelSelector{}) return Json::array({everybody()});
  Json peers = Json::array({{{"podSelector", Json::object()}}});
  if (others) peers.push_back({{"namespaceSelector", to_json(*others)}});
  return peers;
}

}  // namespace

// Ingress: spans from the pods that the export admits, and the status port from the pods of all
// namespaces. The operator and Prometheus run in namespaces that an export does not know, and the
// status port serves counts, names and reasons, but no span and no key. Egress: the ports that
// agents need.
Json network_policy(const DualTraceExport& wanted, const AgentConfig& config) {
  Json object = child(wanted, kube::kNetworkPolicies);
  object["spec"] = {
      {"podSelector", {{"matchLabels", pod_selector_labels(wanted.key.name)}}},
      {"policyTypes", {"Ingress", "Egress"}},
      {"ingress", Json::array({{{"from", senders(wanted)},
                                {"ports", Json::array({port(kOtlpGrpcPort), port(kOtlpHttpPort)})}},
                               {{"from", Json::array({everybody()})},
                                {"ports", Json::array({port(kStatusPort)})}}})},
      {"egress", egress_rules(config)}};
  const AgentNetworkPolicy& beside = wanted.agent.network_policy;
  for (const Json& rule : beside.ingress) object["spec"]["ingress"].push_back(rule);
  for (const Json& rule : beside.egress) object["spec"]["egress"].push_back(rule);
  return object;
}

}  // namespace dualtrace::ctl

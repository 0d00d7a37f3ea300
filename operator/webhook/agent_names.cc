// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/agent_names.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

// musl treats a name with this many dots as fully qualified and never searches; glibc searches
// last.
constexpr int kDotsOfServiceHost = 2;
constexpr int kNdotsOfKubelet = 5;
constexpr std::string_view kNodeLocalServer = "169.254.20.10";  // NodeLocal DNSCache, by default

bool is_true(const Json& pod, JsonPath path) {
  const Json* value = find(pod, path);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::vector<std::string> texts_at(const Json& pod, JsonPath path) {
  std::vector<std::string> texts;
  for (const Json& one : array_at(pod, path)) {
    if (one.is_string()) texts.push_back(one.get<std::string>());
  }
  return texts;
}

// From the pod's own options; the last one wins.
int ndots_of(const Json& pod, int otherwise) {
  int ndots = otherwise;
  for (const Json& option : array_at(pod, {"spec", "dnsConfig", "options"})) {
    if (text_at(option, {"name"}) != "ndots") continue;
    const std::string_view value = text_at(option, {"value"});
    std::from_chars(value.data(), value.data() + value.size(), ndots);
  }
  return ndots;
}

Refusal no_dns(std::string message) { return {SkipReason::kNoClusterDns, std::move(message)}; }

Refusal as_its_node() {
  return no_dns(
      "the pod uses its node's DNS, which cannot resolve the agents' Service; set dnsPolicy to "
      "ClusterFirst, or with hostNetwork to ClusterFirstWithHostNet");
}

Refusal no_domain(int ndots) {
  return no_dns("with ndots " + std::to_string(ndots) +
                ", programs resolve Services only by their full names, and the cluster's domain "
                "is not known; set the chart's clusterDomain, or leave ndots at 5");
}

// Resolvers ask the first server first, and accept its answer that a name does not exist.
bool is_the_clusters(const std::vector<std::string>& servers, const ClusterDns& dns) {
  if (servers.empty()) return false;
  return servers[0] == kNodeLocalServer ||
         std::find(dns.servers.begin(), dns.servers.end(), servers[0]) != dns.servers.end();
}

// With dnsPolicy None, a pod has only its own DNS settings.
OrRefusal<AgentHosts> hosts_by_own_dns(const Json& pod, const std::string& service,
                                       const ClusterDns& dns) {
  const std::string searched = domain_of(texts_at(pod, {"spec", "dnsConfig", "searches"}));
  const std::string domain = dns.domain.empty() ? searched : dns.domain;
  const bool knows_services =
      is_the_clusters(texts_at(pod, {"spec", "dnsConfig", "nameservers"}), dns) ||
      (!searched.empty() && searched == domain);
  if (knows_services && !domain.empty()) return AgentHosts{service + "." + domain};
  const std::string shown = domain.empty() ? "<cluster's domain>" : domain;
  return no_dns(
      "the pod sets its own DNS servers (dnsPolicy: None), which are not known to resolve the "
      "cluster's Services; if they do, add svc." +
      shown + " to dnsConfig.searches; otherwise set dnsPolicy to ClusterFirst");
}

}  // namespace

std::string service_host(const kube::ObjectKey& export_key) {
  return child_name(export_key.name) + "." + export_key.namespace_name + ".svc";
}

OrRefusal<AgentHosts> agent_hosts(const Json& pod, const kube::ObjectKey& export_key,
                                  const ClusterDns& dns) {
  const std::string service = service_host(export_key);
  const std::string_view policy = text_at(pod, {"spec", "dnsPolicy"});
  const bool by_node = policy == "Default" || (is_true(pod, {"spec", "hostNetwork"}) &&
                                               (policy.empty() || policy == "ClusterFirst"));
  if (by_node) return as_its_node();
  if (policy == "None") return hosts_by_own_dns(pod, service, dns);
  const int ndots = ndots_of(pod, kNdotsOfKubelet);
  const bool searches = ndots > kDotsOfServiceHost;
  if (dns.domain.empty() && !searches) return no_domain(ndots);
  AgentHosts hosts;
  if (!dns.domain.empty()) hosts.push_back(service + "." + dns.domain);
  if (searches) hosts.push_back(service);
  return hosts;
}

}  // namespace dualtrace::ctl

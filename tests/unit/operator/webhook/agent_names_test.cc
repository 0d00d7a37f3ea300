// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/agent_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using ::testing::HasSubstr;

const kube::ObjectKey kAgents{"observability", "agents"};
const std::string kShort = "agents-dualtrace.observability.svc";
const std::string kFull = kShort + ".cluster.local";

Json pod_with_dns(const char* policy, Json config = nullptr) {
  Json pod = pod_with();
  pod["spec"]["dnsPolicy"] = policy;
  if (!config.is_null()) pod["spec"]["dnsConfig"] = std::move(config);
  return pod;
}

Json ndots(const char* value) {
  return {{"options", Json::array({{{"name", "ndots"}, {"value", value}}})}};
}

// The hosts, separated by spaces, or the refusal.
std::string hosts(const Json& pod, const ClusterDns& dns = known_dns()) {
  const auto found = agent_hosts(pod, kAgents, dns);
  if (const auto* refusal = std::get_if<Refusal>(&found)) return to_string(*refusal);
  std::string text;
  for (const auto& host : std::get<AgentHosts>(found)) text += (text.empty() ? "" : " ") + host;
  return text;
}

TEST(AgentHosts, BeginWithTheFullNameThatNeedsNoSearchList) {
  EXPECT_EQ(hosts(pod_with()), kFull + " " + kShort);
  EXPECT_EQ(hosts(pod_with(), {"k8s.corp.example", {}}), kShort + ".k8s.corp.example " + kShort);
}

TEST(AgentHosts, AreFullOnesAloneWhereTheResolverTakesTheShortOneForWhole) {
  for (const char* value : {"0", "1", "2"}) {
    EXPECT_EQ(hosts(pod_with_dns("ClusterFirst", ndots(value))), kFull) << value;
  }
  for (const char* value : {"3", "15"}) {
    EXPECT_EQ(hosts(pod_with_dns("ClusterFirst", ndots(value))), kFull + " " + kShort) << value;
  }
}

TEST(AgentHosts, AreTheShortOneWhereTheDomainIsNotKnown) {
  EXPECT_EQ(hosts(pod_with(), {}), kShort);
  EXPECT_THAT(
      hosts(pod_with_dns("ClusterFirst", ndots("2")), {}),
      HasSubstr("NoClusterDNS: with ndots 2, programs resolve Services only by their full "
                "names, and the cluster's domain is not known; set the chart's clusterDomain"));
}

TEST(AgentHosts, AreNoneWhereThePodAsksItsNodesServers) {
  EXPECT_THAT(hosts(pod_with_dns("Default")), HasSubstr("NoClusterDNS: "));
  Json pod = pod_with();
  pod["spec"]["hostNetwork"] = true;
  EXPECT_THAT(hosts(pod), HasSubstr("ClusterFirstWithHostNet"));
  pod["spec"]["dnsPolicy"] = "ClusterFirstWithHostNet";
  EXPECT_EQ(hosts(pod), kFull + " " + kShort);
}

TEST(AgentHosts, AreFoundWhereThePodsOwnServersAreTheClusters) {
  EXPECT_EQ(hosts(pod_with_dns("None", {{"nameservers", {"10.96.0.10"}}})), kFull);
  EXPECT_EQ(hosts(pod_with_dns("None", {{"nameservers", {"169.254.20.10", "10.96.0.10"}}})), kFull)
      << "NodeLocal DNSCache";
  EXPECT_EQ(
      hosts(pod_with_dns("None", {{"nameservers", {"10.1.2.3"}},
                                  {"searches", {"shop.svc.cluster.local", "svc.cluster.local"}}})),
      kFull)
      << "a search domain must find Services";
  EXPECT_EQ(hosts(pod_with_dns("None",
                               {{"nameservers", {"10.1.2.3"}}, {"searches", {"svc.k8s.example"}}}),
                  {}),
            kShort + ".k8s.example")
      << "the pod knows the domain";
}

TEST(AgentHosts, AreNoneWhereNothingSaysThatThePodsServersKnowThem) {
  const std::string refused =
      hosts(pod_with_dns("None", {{"nameservers", {"8.8.8.8", "10.96.0.10"}}}));
  EXPECT_THAT(refused, HasSubstr("NoClusterDNS: the pod sets its own DNS servers"));
  EXPECT_THAT(refused, HasSubstr("add svc.cluster.local to dnsConfig.searches"));
  EXPECT_THAT(hosts(pod_with_dns("None")), HasSubstr("NoClusterDNS"));
  EXPECT_THAT(hosts(pod_with_dns(
                  "None", {{"nameservers", {"10.1.2.3"}}, {"searches", {"svc.other.example"}}})),
              HasSubstr("NoClusterDNS"))
      << "another cluster's domain";
  EXPECT_THAT(hosts(pod_with_dns("None", {{"nameservers", {"10.96.0.10"}}}), {}),
              HasSubstr("NoClusterDNS"));
}

}  // namespace
}  // namespace dualtrace::ctl

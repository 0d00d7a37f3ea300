// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/cluster_dns.h"

#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

std::string domain(std::string_view text) {
  return read_cluster_dns(text, "dualtrace-system").domain;
}

TEST(ClusterDns, IsWhatTheKubeletWroteForTheOperatorsPod) {
  const ClusterDns dns = read_cluster_dns(
      "search dualtrace-system.svc.cluster.local svc.cluster.local cluster.local corp.example\n"
      "nameserver 10.96.0.10\nnameserver fd00::a\noptions ndots:5\n",
      "dualtrace-system");
  EXPECT_EQ(dns, (ClusterDns{"cluster.local", {"10.96.0.10", "fd00::a"}}));
}

TEST(ClusterDns, MayBeCalledAnything) {
  EXPECT_EQ(domain("nameserver 10.0.0.10\n"
                   "search dualtrace-system.svc.prod-eu.k8s.corp.example "
                   "svc.prod-eu.k8s.corp.example prod-eu.k8s.corp.example\n"),
            "prod-eu.k8s.corp.example");
  EXPECT_EQ(domain("search dualtrace-system.svc.local svc.local local"), "local");
}

TEST(ClusterDns, ReadsTheFileAsResolversDo) {
  EXPECT_EQ(domain("search wrong.example\n"
                   "# search no.svc.no svc.no\n"
                   "  search\tdualtrace-system.svc.cluster.local. svc.cluster.local.\r\n"),
            "cluster.local")
      << "the last list applies; a trailing dot is the root";
}

TEST(ClusterDns, IsNotKnownWhereTheResolverIsNotTheClusters) {
  for (const char* text : {"", "nameserver 8.8.8.8\n", "search corp.example svc.corp.example\n",
                           "search other.svc.cluster.local svc.cluster.local cluster.local\n",
                           "search dualtrace-system.svc.cluster.local cluster.local\n",
                           "search dualtrace-system.svc. svc.\n",
                           "search dualtrace-system.svc.A_B svc.A_B\n", "search", "\n\n"}) {
    EXPECT_EQ(read_cluster_dns(text, "dualtrace-system"), ClusterDns{}) << text;
  }
  EXPECT_EQ(read_cluster_dns("search .svc.cluster.local svc.corp.example", ""), ClusterDns{})
      << "outside of a pod";
}

TEST(ClusterDns, TakesDomainsOnlyThatAHostsNameCanEndWith) {
  for (const char* text : {"cluster.local", "local", "k8s-1.example"}) {
    EXPECT_TRUE(is_cluster_domain(text)) << text;
  }
  for (const char* text : {"", ".", "a.", ".a", "a..b", "A.b", "a_b", "-a", "a-", "a b", "a/b"}) {
    EXPECT_FALSE(is_cluster_domain(text)) << text;
  }
  EXPECT_FALSE(is_cluster_domain(std::string(64, 'a')));
  EXPECT_FALSE(is_cluster_domain(std::string(60, 'a') + "." + std::string(60, 'a')));
}

}  // namespace
}  // namespace dualtrace::ctl

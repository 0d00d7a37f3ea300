// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/proxies.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

const std::string kHost = "agents-dualtrace.observability.svc.cluster.local";

std::string why(const Json& env) {
  const Json container = {{"name", "app"}, {"env", env}};
  return proxy_in_the_way(
             ContainerVariables(container, ContainerVariables::EnvFrom::kMayBringAnything), kHost)
      .value_or("");
}

bool warned(const Json& env) { return !why(env).empty(); }

TEST(Proxies, AreInTheWayByWhicheverVariableTheyAreNamed) {
  for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY",
                           "all_proxy", "grpc_proxy"}) {
    EXPECT_TRUE(warned(list_of(value_of(name, "http://proxy:3128")))) << name;
    EXPECT_FALSE(warned(list_of(value_of(name, "")))) << name;
  }
  EXPECT_FALSE(warned(Json::array()));
  EXPECT_FALSE(warned(list_of(value_of("NO_PROXY", "localhost"))));
}

TEST(Proxies, AreNotWhereNoProxyHasTheName) {
  for (const char* text :
       {"*", "agents-dualtrace.observability.svc.cluster.local", ".cluster.local",
        "localhost,cluster.local", "10.0.0.0/8, .svc.cluster.local ,::1", "a SVC.Cluster.Local.",
        "observability.svc.cluster.local:4318"}) {
    EXPECT_TRUE(leaves_out(text, kHost)) << text;
  }
  for (const char* text : {"", ",", ".", "localhost", ".svc", "10.0.0.0/8", "*.cluster.local",
                           "luster.local", "x.cluster.local"}) {
    EXPECT_FALSE(leaves_out(text, kHost)) << text;
  }
}

TEST(Proxies, NeedEveryListThatIsThereToHaveTheName) {
  const Json proxy = value_of("http_proxy", "http://proxy:3128");
  EXPECT_FALSE(warned(list_of(proxy, value_of("no_proxy", ".cluster.local"))));
  EXPECT_FALSE(warned(
      list_of(value_of("HTTP_PROXY", "http://proxy"), value_of("no_proxy", ".cluster.local"))));
  EXPECT_TRUE(warned(list_of(proxy, value_of("NO_PROXY", ".cluster.local"))))
      << "gRPC reads only the lower-case name";
  EXPECT_TRUE(warned(
      list_of(proxy, value_of("NO_PROXY", ".cluster.local"), value_of("no_proxy", "localhost"))));
}

TEST(Proxies, AreToldWithWhatIsNotKnown) {
  EXPECT_EQ(why(list_of(field_of("HTTP_PROXY", "metadata.annotations['proxy']"))).substr(0, 10),
            "HTTP_PROXY");
  EXPECT_NE(why(list_of(value_of("HTTP_PROXY", "http://p"),
                        field_of("NO_PROXY", "metadata.annotations['no']")))
                .find("the value of NO_PROXY is not known"),
            std::string::npos);
  EXPECT_FALSE(warned(
      list_of(value_of("HTTP_PROXY", "http://p"), value_of("NO_PROXY", "$(MORE),.cluster.local"))))
      << "the known part is enough";
}

TEST(Proxies, AreInTheWayOfJavaByItsOwnOptions) {
  EXPECT_TRUE(warned(list_of(value_of("JAVA_TOOL_OPTIONS", "-Xmx1g -Dhttp.proxyHost=proxy"))));
  EXPECT_FALSE(warned(list_of(
      value_of("JAVA_TOOL_OPTIONS",
               "-Dhttp.proxyHost=proxy \"-Dhttp.nonProxyHosts=localhost|*.cluster.local\""))));
  EXPECT_TRUE(warned(list_of(value_of("JDK_JAVA_OPTIONS", "-DsocksProxyHost=proxy"))));
  EXPECT_FALSE(warned(list_of(value_of("JAVA_TOOL_OPTIONS", "-Dhttp.proxyPort=3128"))));
}

}  // namespace
}  // namespace dualtrace::ctl

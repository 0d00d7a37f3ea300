// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/proxies.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

const std::string kHost = "agents-dualtrace.observability.svc.cluster.local";

using EnvFrom = ContainerVariables::EnvFrom;

std::string why(const Json& env, const Json& env_from = Json::array(),
                EnvFrom trust = EnvFrom::kMayBringAnything) {
  const Json container = {{"name", "app"}, {"env", env}, {"envFrom", env_from}};
  return proxy_in_the_way(ContainerVariables(container, trust), kHost).value_or("");
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
                .find("it is not known whether NO_PROXY contains the agents' name"),
            std::string::npos);
  for (const char* text : {"$(EXTRA)", "localhost,$(EXTRA)"}) {
    EXPECT_NE(why(list_of(value_of("HTTP_PROXY", "http://p"), value_of("NO_PROXY", text)))
                  .find("it is not known whether NO_PROXY contains the agents' name"),
              std::string::npos)
        << text;
  }
  EXPECT_FALSE(warned(
      list_of(value_of("HTTP_PROXY", "http://p"), value_of("NO_PROXY", "$(MORE),.cluster.local"))))
      << "the known part is enough";
}

Json from(const char* prefix) {
  return Json::array({{{"prefix", prefix}, {"configMapRef", {{"name", "settings"}}}}});
}

TEST(Proxies, MayComeFromEnvFromWithTheirPrefix) {
  EXPECT_EQ(why(Json::array(), from("HTTP_")),
            "HTTP_PROXY may be set by envFrom, and NO_PROXY is not: its spans may go to the proxy "
            "and be lost; add " +
                kHost + " to NO_PROXY");
  EXPECT_EQ(why(list_of(value_of("NO_PROXY", ".cluster.local")), from("HTTP_")), "");
  EXPECT_EQ(why(list_of(value_of("HTTP_PROXY", "")), from("HTTP_P")), "") << "env overrides it";
  EXPECT_EQ(why(Json::array(), from("APP_")), "");
  EXPECT_EQ(why(Json::array(), from("")), "") << "any envFrom might, and hardly one does";
  EXPECT_EQ(why(Json::array(), from("HTTP_"), EnvFrom::kBringsNoneOfOurs), "");
  EXPECT_NE(why(list_of(value_of("HTTP_PROXY", "http://p")), from("NO_"))
                .find("HTTP_PROXY is set, and it is not known whether NO_PROXY contains"),
            std::string::npos);
}

TEST(Proxies, AreInTheWayOfJavaByItsOwnOptions) {
  EXPECT_TRUE(warned(list_of(value_of("JAVA_TOOL_OPTIONS", "-Xmx1g -Dhttp.proxyHost=proxy"))));
  EXPECT_FALSE(warned(list_of(
      value_of("JAVA_TOOL_OPTIONS",
               "-Dhttp.proxyHost=proxy \"-Dhttp.nonProxyHosts=localhost|*.cluster.local\""))));
  for (const char* variable : {"JAVA_TOOL_OPTIONS", "OPENJ9_JAVA_OPTIONS", "IBM_JAVA_OPTIONS",
                               "JDK_JAVA_OPTIONS", "JAVA_OPTS", "JAVA_OPTS_APPEND", "JAVA_OPTIONS",
                               "JVM_OPTS", "CATALINA_OPTS", "_JAVA_OPTIONS"}) {
    EXPECT_TRUE(warned(list_of(value_of(variable, "-DsocksProxyHost=proxy")))) << variable;
  }
  EXPECT_FALSE(warned(list_of(value_of("CATALINA_OPTS", "-Dhttp.proxyHost="),
                              value_of("JAVA_TOOL_OPTIONS", "-Dhttp.proxyHost=proxy"))))
      << "the command line overrides JAVA_TOOL_OPTIONS";
  EXPECT_TRUE(warned(list_of(value_of("_JAVA_OPTIONS", "-Dhttp.proxyHost=proxy"),
                             value_of("CATALINA_OPTS", "-Dhttp.proxyHost="))));
  EXPECT_FALSE(warned(list_of(value_of("JAVA_TOOL_OPTIONS", "-Dhttp.proxyPort=3128"))));
}

}  // namespace
}  // namespace dualtrace::ctl

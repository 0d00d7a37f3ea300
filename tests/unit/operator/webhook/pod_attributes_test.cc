// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/pod_attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kAttributes = "OTEL_RESOURCE_ATTRIBUTES";

Json knatives() {
  Json pod = pod_with();
  pod["metadata"].erase("name");
  pod["metadata"]["generateName"] = "hello-00001-deployment-6c9f-";
  pod["metadata"]["labels"] = {{"serving.knative.dev/service", "hello"},
                               {"serving.knative.dev/revision", "hello-00001"}};
  pod["spec"]["containers"][0]["name"] = "user-container";
  pod["spec"]["containers"].push_back({{"name", "queue-proxy"}});
  return pod;
}

struct PodAttributesTest : testing::Test {
  PodAttributesTest() { cluster.add("observability", "agents"); }
  FakeClusterView cluster;
};

TEST_F(PodAttributesTest, ComeByTheDownwardApi) {
  const Json pod = reviewed(pod_with(), cluster);
  EXPECT_THAT(names_of(env_of(pod)), Contains("DUALTRACE_NODE_NAME"));
  EXPECT_THAT(variable_of(pod, kAttributes), HasSubstr("k8s.node.name=$(DUALTRACE_NODE_NAME)"));
}

TEST_F(PodAttributesTest, AreThoseThatAreKnownInAPodOfKnativeWhichTakesNoFieldRef) {
  const Json pod = reviewed(knatives(), cluster);
  for (const Json& entry : env_of(pod)) EXPECT_FALSE(entry.contains("valueFrom")) << entry;
  EXPECT_EQ(variable_of(pod, kAttributes),
            "k8s.namespace.name=shop,k8s.container.name=user-container,service.namespace=shop");
  EXPECT_EQ(variable_of(pod, "OTEL_SERVICE_NAME"), "hello");
  EXPECT_THAT(variable_of(pod, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
              StartsWith("http://agents-dualtrace.observability.svc.cluster.local:4318"));
  EXPECT_EQ(env_of(pod, 1), Json::array()) << "queue-proxy is Knative's own";
}

TEST_F(PodAttributesTest, SayWhichPodOfKnativeItIsWhereThatIsKnown) {
  Json pod = knatives();
  pod["metadata"]["name"] = "hello-00001-x";
  EXPECT_THAT(variable_of(reviewed(pod, cluster), kAttributes),
              HasSubstr("service.instance.id=shop.hello-00001-x.user-container"));
}

}  // namespace
}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
// The variables of one container, checked on the patched pod.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kAttributes = "OTEL_RESOURCE_ATTRIBUTES";
constexpr std::string_view kOurs =
    "k8s.namespace.name=$(DUALTRACE_POD_NAMESPACE),k8s.pod.name=$(DUALTRACE_POD_NAME),"
    "k8s.pod.uid=$(DUALTRACE_POD_UID),k8s.node.name=$(DUALTRACE_NODE_NAME),k8s.container.name=app,"
    "service.namespace=$(DUALTRACE_POD_NAMESPACE),"
    "service.instance.id=$(DUALTRACE_POD_NAMESPACE).$(DUALTRACE_POD_NAME).app";

struct ContainerPlanTest : testing::Test {
  ContainerPlanTest() { cluster.add("shop", "agents"); }
  Json reviewed(const Json& pod) const { return ctl::reviewed(pod, cluster); }
  Json with(Json env) const { return reviewed(pod_with(std::move(env))); }

  FakeClusterView cluster;
};

TEST_F(ContainerPlanTest, AddsWhatIsReferredToFirstAndTheRestBehindTheUsers) {
  const Json pod = with(list_of(value_of("B", "2"), value_of("A", "1")));
  EXPECT_THAT(
      names_of(env_of(pod)),
      ElementsAre("DUALTRACE_POD_NAMESPACE", "DUALTRACE_POD_NAME", "DUALTRACE_POD_UID",
                  "DUALTRACE_NODE_NAME", "B", "A", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                  "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "ARIZE_COLLECTOR_ENDPOINT",
                  "PHOENIX_COLLECTOR_ENDPOINT", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"));
  EXPECT_EQ(env_of(pod)[3], field_of("DUALTRACE_NODE_NAME", "spec.nodeName"));
  EXPECT_EQ(variable_of(pod, kAttributes), kOurs);
  EXPECT_EQ(variable_of(pod, "OTEL_SERVICE_NAME"), "web-0");
}

TEST_F(ContainerPlanTest, GivesLibrariesAnEndpointThatFitsEitherOfTheirProtocols) {
  const Json pod = with(nullptr);
  EXPECT_EQ(variable_of(pod, "ARIZE_COLLECTOR_ENDPOINT"),
            "http://agents-dualtrace.shop.svc.cluster.local:4317/v1/traces");
  EXPECT_EQ(variable_of(pod, "PHOENIX_COLLECTOR_ENDPOINT"),
            "http://agents-dualtrace.shop.svc.cluster.local:4317");
}

TEST_F(ContainerPlanTest, LeavesPhoenixAloneWhereThePortIsTheUsers) {
  const Json pod = with(list_of(value_of("PHOENIX_GRPC_PORT", "14317")));
  EXPECT_EQ(variable_of(pod, "PHOENIX_COLLECTOR_ENDPOINT"), "");
  EXPECT_NE(variable_of(pod, "ARIZE_COLLECTOR_ENDPOINT"), "");
}

TEST_F(ContainerPlanTest, NeverChangesWhatTheUserSet) {
  const Json env = {value_of("ARIZE_COLLECTOR_ENDPOINT", "https://otlp.arize.com/v1"),
                    field_of("OTEL_SERVICE_NAME", "metadata.labels['app']"),
                    value_of("PHOENIX_COLLECTOR_ENDPOINT", ""),
                    value_of("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc")};
  const Json after = env_of(with(env));
  ASSERT_EQ(after.size(), 4U + 4U + 2U);
  EXPECT_EQ(Json(after.begin() + 4, after.begin() + 8), env);
  EXPECT_EQ(after[8], value_of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                               "http://agents-dualtrace.shop.svc.cluster.local:4317"));
  EXPECT_EQ(after[9], value_of(kAttributes, kOurs));
}

TEST_F(ContainerPlanTest, AppendsToTheUsersAttributesWhatTheyLack) {
  const Json pod =
      with(list_of(value_of(kAttributes, "team=support,k8s.pod.uid=mine"), value_of("A", "1")));
  EXPECT_THAT(variable_of(pod, kAttributes),
              StartsWith("team=support,k8s.pod.uid=mine,k8s.namespace.name="));
  EXPECT_THAT(variable_of(pod, kAttributes), Not(HasSubstr("DUALTRACE_POD_UID")));
  EXPECT_THAT(names_of(env_of(pod)), Not(testing::Contains("DUALTRACE_POD_UID")));
  EXPECT_EQ(env_of(pod)[4], value_of("A", "1"));
}

TEST_F(ContainerPlanTest, TakesAnEmptyTextForNoAttributes) {
  EXPECT_EQ(variable_of(with(list_of(value_of(kAttributes, ""))), kAttributes), kOurs);
  EXPECT_EQ(variable_of(with(Json::array({{{"name", kAttributes}}})), kAttributes), kOurs);
}

TEST_F(ContainerPlanTest, AppendsBehindReferencesToOneWord) {
  const Json pod =
      with(list_of(field_of("NODE", "spec.nodeName"), value_of(kAttributes, "node=$(NODE)")));
  EXPECT_EQ(variable_of(pod, kAttributes), "node=$(NODE)," + std::string(kOurs));
}

TEST_F(ContainerPlanTest, LeavesAttributesAloneThatItCannotRead) {
  for (const Json& entry : {field_of(kAttributes, "metadata.annotations['attributes']"),
                            value_of(kAttributes, "$(COMMON)"), value_of(kAttributes, "broken")}) {
    const Json pod = with(list_of(value_of("COMMON", "a=1,b=2"), entry));
    EXPECT_EQ(env_of(pod)[1], entry);
    EXPECT_EQ(variable_of(pod, "OTEL_SERVICE_NAME"), "")
        << "it would override an existing service.name";
    EXPECT_THAT(names_of(env_of(pod)), Not(testing::Contains(StartsWith("DUALTRACE_"))));
    EXPECT_NE(variable_of(pod, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), "");
  }
}

TEST_F(ContainerPlanTest, LeavesTheServicesNameToTheUsersAttributes) {
  const Json pod = with(list_of(value_of(kAttributes, "service.name=mine")));
  EXPECT_EQ(variable_of(pod, "OTEL_SERVICE_NAME"), "");
  EXPECT_THAT(variable_of(pod, kAttributes), StartsWith("service.name=mine,k8s."));
}

TEST_F(ContainerPlanTest, WritesNamesSoThatNobodyResolvesThem) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["resource.opentelemetry.io/service.name"] = "$(HOME), 5 $";
  pod["metadata"]["annotations"]["resource.opentelemetry.io/note"] = "a,b=$(HOME)";
  pod = reviewed(pod);
  EXPECT_EQ(variable_of(pod, "OTEL_SERVICE_NAME"), "$$(HOME), 5 $$");
  EXPECT_THAT(variable_of(pod, kAttributes), StartsWith("note=a%2Cb%3D$$(HOME),k8s."));
}

TEST_F(ContainerPlanTest, LetsAnAnnotationBeatWhatIsKnownOtherwise) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["resource.opentelemetry.io/k8s.node.name"] = "mine";
  pod = reviewed(pod);
  EXPECT_THAT(variable_of(pod, kAttributes), StartsWith("k8s.node.name=mine,"));
  EXPECT_THAT(variable_of(pod, kAttributes), Not(HasSubstr("NODE_NAME)")));
}

TEST_F(ContainerPlanTest, DoesNotReferToVariablesOfTheUsersThatHaveOurNames) {
  const Json pod = with(list_of(value_of("DUALTRACE_POD_NAME", "mine")));
  EXPECT_EQ(variable_of(pod, "DUALTRACE_POD_NAME"), "mine");
  EXPECT_THAT(variable_of(pod, kAttributes), Not(HasSubstr("k8s.pod.name")));
  EXPECT_THAT(variable_of(pod, kAttributes), Not(HasSubstr("service.instance.id")));
  EXPECT_THAT(variable_of(pod, kAttributes), HasSubstr("k8s.pod.uid"));
}

TEST_F(ContainerPlanTest, DoesNotReferToVariablesThatComeLater) {
  const Json pod =
      with(list_of(value_of(kAttributes, "a=1"), field_of("DUALTRACE_POD_UID", "metadata.uid")));
  EXPECT_THAT(variable_of(pod, kAttributes), Not(HasSubstr("k8s.pod.uid")));
}

TEST_F(ContainerPlanTest, AddsOnlyWhatAnEnvFromWithAPrefixCannotBring) {
  Json pod = pod_with();
  pod["spec"]["containers"][0]["envFrom"] = {
      {{"prefix", "OTEL_RES"}, {"configMapRef", {{"name", "a"}}}},
      {{"prefix", "ARIZE_"}, {"secretRef", {{"name", "b"}}}}};
  pod = reviewed(pod);
  EXPECT_THAT(names_of(env_of(pod)),
              ElementsAre("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                          "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "PHOENIX_COLLECTOR_ENDPOINT"));
}

TEST_F(ContainerPlanTest, KeepsVariablesSmallEnoughForAProgramToStart) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["resource.opentelemetry.io/note"] = std::string(17000, 'x');
  EXPECT_EQ(skip_reason(reviewed(pod)), "TooLarge");
  EXPECT_THAT(env_of(reviewed(pod)), IsEmpty());
  EXPECT_EQ(skip_reason(with(list_of(value_of(kAttributes, "a=" + std::string(99000, 'x'))))),
            "TooLarge");
  EXPECT_EQ(skip_reason(with(list_of(value_of(kAttributes, "a=" + std::string(90000, 'x'))))), "");
}

}  // namespace
}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/pod_reviewer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr std::string_view kInjected = "dualtrace.dev/injected";
constexpr std::string_view kSkipped = "dualtrace.dev/skipped";
constexpr std::string_view kWarned = "dualtrace.dev/warned";
constexpr std::string_view kEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

struct PodReviewerTest : testing::Test {
  PodReviewerTest() { cluster.add("observability", "agents"); }
  AdmissionAnswer review(const Json& pod) const {
    return PodReviewer(cluster, known_dns()).review(creation(pod));
  }
  Json reviewed(const Json& pod) const { return ctl::reviewed(pod, cluster); }

  FakeClusterView cluster;
};

void expect_nothing(const AdmissionAnswer& answer) {
  EXPECT_THAT(answer.patch, IsEmpty());
  EXPECT_THAT(answer.warnings, IsEmpty());
  EXPECT_THAT(answer.audit_annotations, IsEmpty());
}

TEST_F(PodReviewerTest, InjectsAPodThatAsks) {
  const AdmissionAnswer answer = review(pod_with());
  EXPECT_THAT(answer.warnings, IsEmpty());
  EXPECT_THAT(answer.audit_annotations, ElementsAre(Pair("injected", "observability/agents")));
  const Json pod = answered(pod_with(), answer);
  EXPECT_EQ(annotation(pod, kInjected), "observability/agents");
  EXPECT_EQ(variable_of(pod, kEndpoint),
            "http://agents-dualtrace.observability.svc.cluster.local:4318/v1/traces");
}

TEST_F(PodReviewerTest, PatchesByAddingAlone) {
  for (const Json& operation : review(pod_with()).patch) EXPECT_EQ(operation["op"], "add");
}

TEST_F(PodReviewerTest, InjectsThePodsOfANamespaceThatAsks) {
  cluster.labels["shop"] = {{"dualtrace.dev/inject", "observability.agents"}};
  Json pod = pod_with();
  pod["metadata"].erase("annotations");
  EXPECT_EQ(annotation(reviewed(pod), kInjected), "observability/agents");
  pod["metadata"]["annotations"] = {{"dualtrace.dev/inject", "false"}};
  expect_nothing(review(pod));
}

TEST_F(PodReviewerTest, SaysOnThePodWhyItIsSkipped) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["dualtrace.dev/inject"] = "agents";
  const AdmissionAnswer answer = review(pod);
  EXPECT_THAT(annotation(answered(pod, answer), kSkipped), StartsWith("NoSuchExport: "));
  EXPECT_THAT(answer.warnings,
              ElementsAre(StartsWith("dualtrace: not injected: NoSuchExport: the operator knows")));
  EXPECT_THAT(answer.audit_annotations, ElementsAre(Pair("skipped", "NoSuchExport")));
  EXPECT_EQ(env_of(answered(pod, answer)), Json::array());
}

TEST_F(PodReviewerTest, WarnsThatItCannotSeeWhatTheNamespaceAsks) {
  Json pod = pod_with();
  pod["metadata"].erase("annotations");
  const AdmissionAnswer answer = review(pod);
  EXPECT_THAT(answer.patch, IsEmpty());
  EXPECT_THAT(answer.warnings, ElementsAre("dualtrace: not injected: the operator cannot read the "
                                           "labels of namespace shop; annotate the pod"));
  pod["metadata"]["annotations"] = {{"dualtrace.dev/inject", "false"}};
  expect_nothing(review(pod));
}

TEST_F(PodReviewerTest, AnswersNothingToAPodThatAsksForNothing) {
  cluster.labels["shop"] = {{"team", "sales"}};
  Json pod = pod_with();
  pod["metadata"].erase("annotations");
  expect_nothing(review(pod));
}

TEST_F(PodReviewerTest, LooksAtNothingButTheCreationOfPods) {
  AdmissionRequest request = creation(pod_with());
  for (const char* operation : {"UPDATE", "DELETE", "CONNECT"}) {
    request.operation = operation;
    expect_nothing(PodReviewer(cluster).review(request));
  }
}

TEST_F(PodReviewerTest, LeavesMirrorPodsAndAgentsAlone) {
  Json mirror = pod_with();
  mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "1";
  expect_nothing(review(mirror));
  Json agent = pod_with();
  agent["metadata"]["labels"] = {{"dualtrace.dev/export", "agents"},
                                 {"app.kubernetes.io/managed-by", "dualtrace-operator"}};
  expect_nothing(review(agent));
}

TEST_F(PodReviewerTest, ChangesNothingAtASecondLook) {
  for (const Json& env : {Json(nullptr), list_of(value_of("OTEL_RESOURCE_ATTRIBUTES", "a=1")),
                          list_of(field_of("OTEL_RESOURCE_ATTRIBUTES", "metadata.labels['x']")),
                          list_of(value_of("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"))}) {
    const Json once = reviewed(pod_with(env));
    EXPECT_EQ(annotation(once, kInjected), "observability/agents");
    expect_nothing(review(once));
  }
}

TEST_F(PodReviewerTest, RepeatsAWarningButNoAnnotationAtASecondLook) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["dualtrace.dev/inject"] = "agents";
  const AdmissionAnswer again = review(reviewed(pod));
  EXPECT_THAT(again.patch, IsEmpty());
  EXPECT_THAT(again.warnings, ElementsAre(HasSubstr("NoSuchExport")));
}

TEST_F(PodReviewerTest, LeavesAloneContainersThatAnotherWebhookAddedSince) {
  Json pod = reviewed(pod_with());
  const Json before = env_of(pod);
  pod["spec"]["containers"].push_back({{"name", "proxy"}});
  expect_nothing(review(pod));
  pod["metadata"]["annotations"]["dualtrace.dev/containers"] = "app,proxy";
  pod = reviewed(pod);
  EXPECT_EQ(env_of(pod), before);
  EXPECT_THAT(variable_of(pod, "OTEL_RESOURCE_ATTRIBUTES", 1),
              HasSubstr("k8s.container.name=proxy"))
      << "its author named the export";
}

TEST_F(PodReviewerTest, LeavesAloneContainersThatWereAddedToAPodThatIsSkipped) {
  Json pod = reviewed(pod_with(list_of(value_of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"))));
  ASSERT_EQ(skip_reason(pod), "AlreadyConfigured");
  pod["spec"]["containers"].push_back({{"name", "proxy"}});
  EXPECT_THAT(env_of(reviewed(pod), 1), IsEmpty());
  EXPECT_EQ(annotation(reviewed(pod), kInjected), "");
  pod["spec"]["containers"][0].erase("env");
  EXPECT_NE(variable_of(reviewed(pod), kEndpoint), "") << "its author has followed the advice";
}

// The annotations of a template that was copied from a running pod.
TEST_F(PodReviewerTest, BelievesNoAnnotationOfAPodThatHasNoVariables) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["dualtrace.dev/injected"] = "observability/agents";
  pod["metadata"]["annotations"]["dualtrace.dev/warned"] = "BehindProxy: container app";
  EXPECT_NE(variable_of(reviewed(pod), kEndpoint), "");
  EXPECT_EQ(annotation(reviewed(pod), kWarned), "");
  pod["spec"]["hostNetwork"] = true;
  pod = reviewed(pod);
  EXPECT_EQ(skip_reason(pod), "NoClusterDNS");
  EXPECT_EQ(annotation(pod, kInjected), "");
  EXPECT_EQ(annotation(pod, kWarned), "");
}

TEST_F(PodReviewerTest, LeavesAloneSidecarsThatWereThereBefore) {
  Json pod = pod_with();
  pod["spec"]["containers"].push_back({{"name", "istio-proxy"}});
  pod = reviewed(pod);
  EXPECT_EQ(annotation(pod, kInjected), "observability/agents");
  EXPECT_NE(variable_of(pod, kEndpoint), "");
  EXPECT_THAT(env_of(pod, 1), IsEmpty());
}

TEST_F(PodReviewerTest, TakesBackWhatItSaidWhenASecondLookHelps) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["dualtrace.dev/containers"] = "proxy";
  pod = reviewed(pod);
  EXPECT_EQ(skip_reason(pod), "UnknownContainer");
  pod["spec"]["containers"].push_back({{"name", "proxy"}});
  pod = reviewed(pod);
  EXPECT_EQ(annotation(pod, kInjected), "observability/agents");
  EXPECT_EQ(annotation(pod, kSkipped), "");
  EXPECT_NE(variable_of(pod, kEndpoint, 1), "");
  EXPECT_EQ(env_of(pod, 0), Json::array());
}

TEST_F(PodReviewerTest, DoesNotCallAPodSkippedThatHasItsVariables) {
  const Json pod = reviewed(pod_with());
  cluster.known.clear();
  expect_nothing(review(pod));
}

TEST_F(PodReviewerTest, InjectsTheContainersThatItMayAndWarnsOfTheOthers) {
  Json pod = pod_with();
  pod["spec"]["containers"].push_back(
      {{"name", "own"},
       {"env", Json::array({value_of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x")})}});
  const AdmissionAnswer answer = review(pod);
  EXPECT_EQ(annotation(answered(pod, answer), kInjected), "observability/agents");
  EXPECT_EQ(env_of(answered(pod, answer), 1), env_of(pod, 1));
  EXPECT_THAT(annotation(answered(pod, answer), kWarned),
              StartsWith("AlreadyConfigured: container own not injected: it sets"));
  EXPECT_THAT(
      answer.warnings,
      ElementsAre(StartsWith("dualtrace: container own not injected: AlreadyConfigured: ")));
}

TEST_F(PodReviewerTest, SkipsAPodWhoseContainersSayAllThemselves) {
  const Json pod = reviewed(pod_with(list_of(value_of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"))));
  EXPECT_EQ(annotation(pod, kSkipped),
            "AlreadyConfigured: container app: it sets OTEL_EXPORTER_OTLP_ENDPOINT itself, so its "
            "spans go there; remove it to send them to dualtrace");
}

TEST_F(PodReviewerTest, AsksBeforeItOverridesWhatEnvFromMayBring) {
  Json pod = pod_with();
  pod["spec"]["containers"][0]["envFrom"] = Json::array({{{"secretRef", {{"name", "openai"}}}}});
  EXPECT_EQ(skip_reason(reviewed(pod)), "EnvFromNotKnown");
  pod["metadata"]["annotations"]["dualtrace.dev/env-from"] = "unrelated";
  EXPECT_NE(variable_of(reviewed(pod), kEndpoint), "");
  pod["metadata"]["annotations"]["dualtrace.dev/env-from"] = "yes";
  EXPECT_EQ(skip_reason(reviewed(pod)), "InvalidRequest");
}

TEST_F(PodReviewerTest, SkipsPodsOfNodesThatHaveNoAgents) {
  Json pod = pod_with();
  pod["spec"]["os"]["name"] = "windows";
  EXPECT_EQ(skip_reason(reviewed(pod)), "NotLinux");
  pod["spec"]["os"]["name"] = "linux";
  EXPECT_EQ(skip_reason(reviewed(pod)), "");
  pod["spec"]["nodeSelector"] = {{"kubernetes.io/os", "windows"}};
  EXPECT_EQ(skip_reason(reviewed(pod)), "NotLinux");
}

TEST_F(PodReviewerTest, SkipsPodsThatCannotResolveTheAgentsName) {
  Json pod = pod_with();
  const auto reason = [&](bool host_network, const char* policy) {
    pod["spec"]["hostNetwork"] = host_network;
    pod["spec"]["dnsPolicy"] = policy;
    return skip_reason(reviewed(pod));
  };
  EXPECT_EQ(reason(true, "ClusterFirst"), "NoClusterDNS");
  EXPECT_EQ(reason(true, "ClusterFirstWithHostNet"), "");
  EXPECT_EQ(reason(false, "Default"), "NoClusterDNS");
  EXPECT_EQ(reason(false, "ClusterFirst"), "");
  EXPECT_EQ(reason(false, "None"), "NoClusterDNS") << "its DNS servers are unknown";
}

TEST_F(PodReviewerTest, SaysAtCreationAndOnThePodWhatMayKeepItsSpansAway) {
  const Json pod =
      pod_with(list_of(value_of("HTTP_PROXY", "http://user:secret@proxy:3128"),
                       value_of("NO_PROXY", "localhost"), value_of("OTEL_SDK_DISABLED", "true")));
  const AdmissionAnswer answer = review(pod);
  EXPECT_THAT(
      answer.warnings,
      ElementsAre(StartsWith("dualtrace: BehindProxy: container app: HTTP_PROXY is set, and "
                             "NO_PROXY does not contain"),
                  StartsWith("dualtrace: SDKDisabled: container app: ")));
  EXPECT_THAT(answer.audit_annotations, ElementsAre(Pair("injected", "observability/agents"),
                                                    Pair("warned", "BehindProxy,SDKDisabled")));
  const Json after = answered(pod, answer);
  EXPECT_THAT(annotation(after, kWarned),
              StartsWith("BehindProxy,SDKDisabled: container app: HTTP_PROXY is set"));
  EXPECT_THAT(annotation(after, kWarned), HasSubstr("agents-dualtrace.observability.svc"));
  EXPECT_EQ(annotation(after, kWarned).find("secret"), std::string::npos);
  EXPECT_EQ(variable_of(after, "NO_PROXY"), "localhost") << "it is the user's";
  EXPECT_NE(variable_of(after, kEndpoint), "");

  const AdmissionAnswer again = review(after);
  EXPECT_THAT(again.patch, IsEmpty());
  EXPECT_EQ(again.warnings, answer.warnings);
}

TEST_F(PodReviewerTest, TakesBackAWarningWhoseReasonIsGone) {
  Json pod = reviewed(pod_with(list_of(value_of("HTTP_PROXY", "http://proxy:3128"))));
  ASSERT_NE(annotation(pod, kWarned), "");
  for (Json& entry : pod["spec"]["containers"][0]["env"]) {
    if (entry["name"] == "HTTP_PROXY") entry["value"] = "";
  }
  pod = reviewed(pod);
  EXPECT_EQ(annotation(pod, kWarned), "");
  expect_nothing(review(pod));
}

TEST_F(PodReviewerTest, WarnsAtASecondLookOfWhatAnotherWebhookSet) {
  Json pod = reviewed(pod_with());
  EXPECT_EQ(annotation(pod, kWarned), "");
  pod["spec"]["containers"][0]["env"].push_back(value_of("http_proxy", "http://proxy:3128"));
  pod["spec"]["containers"][0]["env"].push_back(value_of("no_proxy", ".svc"));
  pod = reviewed(pod);
  EXPECT_THAT(annotation(pod, kWarned), StartsWith("BehindProxy: "))
      << "it got the full name before";
}

TEST_F(PodReviewerTest, GivesTheNameThatNoProxyLeavesOut) {
  const Json proxy = value_of("HTTP_PROXY", "http://proxy:3128");
  Json pod = reviewed(pod_with(list_of(proxy, value_of("NO_PROXY", "10.0.0.0/8,.svc"))));
  EXPECT_EQ(variable_of(pod, kEndpoint),
            "http://agents-dualtrace.observability.svc:4318/v1/traces");
  EXPECT_EQ(annotation(pod, kWarned), "");
  pod = pod_with(list_of(proxy, value_of("NO_PROXY", ".svc")));
  pod["spec"]["dnsConfig"]["options"] = list_of(value_of("ndots", "2"));
  pod = reviewed(pod);
  EXPECT_THAT(variable_of(pod, kEndpoint), HasSubstr(".svc.cluster.local:"));
  EXPECT_THAT(annotation(pod, kWarned), StartsWith("BehindProxy: "))
      << "it could not resolve the name";
}

TEST_F(PodReviewerTest, SkipsAPodWhoseProtocolItDoesNotUnderstand) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["dualtrace.dev/protocol"] = "grpc";
  EXPECT_EQ(variable_of(reviewed(pod), "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), "grpc");
  pod["metadata"]["annotations"]["dualtrace.dev/protocol"] = "http";
  EXPECT_EQ(skip_reason(reviewed(pod)), "InvalidRequest");
}

TEST_F(PodReviewerTest, LeavesAlonePodsThatItCannotRead) {
  const auto expect_left = [&](const char* pointer, const Json& value) {
    Json pod = pod_with();
    pod[Json::json_pointer(pointer)] = value;
    const AdmissionAnswer answer = review(pod);
    EXPECT_THAT(answer.patch, IsEmpty()) << pointer;
    EXPECT_THAT(answer.warnings, ElementsAre(HasSubstr("has an unexpected type"))) << pointer;
  };
  expect_left("/metadata", "x");
  expect_left("/metadata/annotations/a", 1);
  expect_left("/spec", nullptr);
  expect_left("/spec/containers", Json::object());
  expect_left("/spec/containers", Json::array());
  expect_left("/spec/containers/0", "x");
  expect_left("/spec/containers/0/name", "");
  expect_left("/spec/initContainers", "x");
  expect_left("/spec/containers/0/env", "x");
  expect_left("/spec/containers/0/env/0", "x");
  expect_left("/spec/containers/0/env/0", Json{{"name", "A"}, {"value", 1}});
  expect_left("/spec/containers/0/env/0", Json{{"name", "A"}, {"valueFrom", 1}});
  expect_left("/spec/containers/0/envFrom", "x");
  expect_left("/spec/containers/0/envFrom/0", Json{{"prefix", 1}});
}

TEST_F(PodReviewerTest, MakesNoPodLargerThanItMayBe) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["large"] = std::string(256 * 1024 - 60, 'x');
  const AdmissionAnswer answer = review(pod);
  EXPECT_THAT(answer.patch, IsEmpty());
  EXPECT_THAT(answer.warnings, ElementsAre(HasSubstr("256 KiB")));
  EXPECT_THAT(answer.audit_annotations, IsEmpty());
}

}  // namespace
}  // namespace dualtrace::ctl

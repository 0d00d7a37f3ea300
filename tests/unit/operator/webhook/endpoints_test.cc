// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/endpoints.h"

#include <gtest/gtest.h>

#include "operator/webhook/agent_names.h"
#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using EnvFrom = ContainerVariables::EnvFrom;

const kube::ObjectKey kAgents{"observability", "agents"};
const std::string kHost = "agents-dualtrace.observability.svc.cluster.local";
const std::string kHttp = "http://" + kHost + ":4318/v1/traces";
const std::string kGrpcUrl = "http://" + kHost + ":4317";

// "endpoint protocol" as the webhook would add them, or the reason for the rejection and the
// variable that it names.
std::string target(const Json& env, std::string_view asked = "",
                   const Json& env_from = Json::array(),
                   EnvFrom trust = EnvFrom::kMayBringAnything) {
  const Json container = {{"name", "app"}, {"env", env}, {"envFrom", env_from}};
  const auto result = traces_target(ContainerVariables(container, trust), asked, {kAgents, kHost});
  if (const auto* refusal = std::get_if<Refusal>(&result)) {
    const size_t at = refusal->message.find("OTEL_");
    return std::string(to_string(refusal->reason)) + " " +
           refusal->message.substr(at, refusal->message.find_first_of(" ,", at) - at);
  }
  const auto& [endpoint, protocol] = std::get<TracesTarget>(result);
  return endpoint.value_or("-") + " " + protocol.value_or("-");
}

TEST(TracesTarget, IsHttpUnlessSomebodySaysOtherwise) {
  EXPECT_EQ(target(Json::array()), kHttp + " http/protobuf");
  EXPECT_EQ(target(Json::array(), "grpc"), kGrpcUrl + " grpc");
}

TEST(TracesTarget, UsesTheNameOfTheChildren) {
  EXPECT_EQ(service_host({"a", "1.2"}).substr(0, 7), "export-");
  EXPECT_EQ(either_url(kHost), kGrpcUrl + "/v1/traces");
}

TEST(TracesTarget, FollowsTheUsersProtocolForTraces) {
  EXPECT_EQ(target(list_of(value_of(kTracesProtocol, "grpc"))), kGrpcUrl + " -");
  EXPECT_EQ(target(list_of(value_of(kTracesProtocol, "http/json"))), kHttp + " -");
  EXPECT_EQ(target(list_of(value_of(kTracesProtocol, "http/protobuf")), "grpc"), kHttp + " -")
      << "the container's setting overrides the pod's";
}

TEST(TracesTarget, FollowsTheUsersProtocolForAllSignals) {
  EXPECT_EQ(target(list_of(value_of(kEveryProtocol, "grpc"))), kGrpcUrl + " grpc");
  EXPECT_EQ(target(list_of(value_of(kEveryProtocol, "http/json"))), kHttp + " http/json");
  EXPECT_EQ(target(list_of(value_of(kEveryProtocol, "grpc")), "http/protobuf"),
            kHttp + " http/protobuf")
      << "the pod's annotation is about these traces";
}

TEST(TracesTarget, IsNothingWithAProtocolThatIsNotKnown) {
  for (const auto& variable : {kTracesProtocol, kEveryProtocol}) {
    const std::string refused = "ProtocolNotKnown " + std::string(variable);
    EXPECT_EQ(target(list_of(value_of(variable, "zipkin"))), refused);
    EXPECT_EQ(target(list_of(value_of(variable, ""))), refused);
    EXPECT_EQ(target(list_of(value_of(variable, "$(PROTOCOL)"))), refused);
    EXPECT_EQ(target(list_of(field_of(variable, "metadata.labels['protocol']"))), refused);
  }
}

TEST(TracesTarget, IsNothingWhereTheContainerSaysItself) {
  EXPECT_EQ(target(list_of(value_of(kTracesEndpoint, "http://collector:4318/v1/traces"))),
            "AlreadyConfigured OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  EXPECT_EQ(target(list_of(value_of(kEveryEndpoint, "http://collector:4318"))),
            "AlreadyConfigured OTEL_EXPORTER_OTLP_ENDPOINT");
  EXPECT_EQ(target(list_of(field_of("HOST_IP", "status.hostIP"),
                           value_of(kEveryEndpoint, "http://$(HOST_IP):4318"))),
            "AlreadyConfigured OTEL_EXPORTER_OTLP_ENDPOINT")
      << "the known part is enough";
}

TEST(TracesTarget, SaysOfAnEndpointThatIsNothingThatItIsEmpty) {
  for (const auto& variable : {kTracesEndpoint, kEveryEndpoint}) {
    const std::string empty = "EndpointEmpty " + std::string(variable);
    EXPECT_EQ(target(list_of(value_of(variable, ""))), empty);
    EXPECT_EQ(target(list_of(value_of(variable, " \t "))), empty);
    EXPECT_EQ(target(list_of(Json{{"name", variable}})), empty)
        << "a missing value is an empty one";
    EXPECT_EQ(target(list_of(value_of("NONE", ""), value_of(variable, "$(NONE)"))), empty);
  }
}

// SDKs treat an empty variable for traces as unset and read the one for all signals.
TEST(TracesTarget, LooksBehindAnEmptyEndpointForTraces) {
  const Json empty = value_of(kTracesEndpoint, "");
  EXPECT_EQ(target(list_of(empty, value_of(kEveryEndpoint, "http://collector:4318"))),
            "AlreadyConfigured OTEL_EXPORTER_OTLP_ENDPOINT");
  EXPECT_EQ(target(list_of(empty, field_of(kEveryEndpoint, "metadata.annotations['otel']"))),
            "EndpointNotKnown OTEL_EXPORTER_OTLP_ENDPOINT");
  const Json from =
      Json::array({{{"prefix", "OTEL_EXPORTER_OTLP_E"}, {"configMapRef", {{"name", "settings"}}}}});
  EXPECT_EQ(target(list_of(empty), "", from), "EnvFromNotKnown OTEL_EXPORTER_OTLP_ENDPOINT");
  const Json any = Json::array({{{"secretRef", {{"name", "openai"}}}}});
  EXPECT_EQ(target(list_of(empty, value_of(kEveryEndpoint, "http://collector:4318")), "", any),
            "AlreadyConfigured OTEL_EXPORTER_OTLP_ENDPOINT");
}

TEST(TracesTarget, NamesBothEndpointsThatAreEmpty) {
  const Json container = {
      {"name", "app"},
      {"env", list_of(value_of(kTracesEndpoint, ""), value_of(kEveryEndpoint, ""))}};
  const auto result = traces_target(ContainerVariables(container, EnvFrom::kBringsNoneOfOurs), "",
                                    {kAgents, kHost});
  EXPECT_EQ(
      std::get<Refusal>(result).message,
      "it sets OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and OTEL_EXPORTER_OTLP_ENDPOINT itself, but "
      "to an empty value, which SDKs treat as unset; remove both to send its spans "
      "to dualtrace, or give one a value");
}

TEST(TracesTarget, SaysOfAnEndpointFromElsewhereThatItIsNotKnown) {
  for (const auto& variable : {kTracesEndpoint, kEveryEndpoint}) {
    const std::string not_known = "EndpointNotKnown " + std::string(variable);
    const Json from_map = {
        {"name", variable},
        {"valueFrom", {{"configMapKeyRef", {{"name", "otel"}, {"key", "endpoint"}}}}}};
    EXPECT_EQ(target(list_of(from_map)), not_known);
    EXPECT_EQ(target(list_of(field_of(variable, "metadata.annotations['otel']"))), not_known);
    EXPECT_EQ(target(list_of(value_of(variable, "$(COLLECTOR)"))), not_known);
    EXPECT_EQ(target(list_of(field_of("A", "status.hostIP"), value_of(variable, "$(A)"))),
              not_known);
  }
}

// Each reference is followed once, so a short text cannot expand exponentially.
TEST(TracesTarget, FollowsNoChainOfReferences) {
  Json env = Json::array({value_of("V0", "")});
  for (int i = 1; i < 200; ++i) {
    const std::string before = "$(V" + std::to_string(i - 1) + ")";
    env.push_back(value_of("V" + std::to_string(i), before + before));
  }
  env.push_back(value_of(kEveryEndpoint, "$(V199)$(V199)"));
  EXPECT_EQ(target(env), "EndpointNotKnown OTEL_EXPORTER_OTLP_ENDPOINT");
}

TEST(TracesTarget, SaysWhichWayAnEmptyProtocolIsWrong) {
  const Json container = {{"name", "app"}, {"env", list_of(value_of(kEveryProtocol, ""))}};
  const auto result = traces_target(ContainerVariables(container, EnvFrom::kBringsNoneOfOurs), "",
                                    {kAgents, kHost});
  EXPECT_EQ(std::get<Refusal>(result).message.substr(0, 47),
            "OTEL_EXPORTER_OTLP_PROTOCOL is set, but empty, ");
}

TEST(TracesTarget, HasNothingToAddWhereTheContainerPointsHere) {
  EXPECT_EQ(target(list_of(value_of(kTracesEndpoint, kHttp))), "- -");
  EXPECT_EQ(target(list_of(value_of(kTracesEndpoint, kGrpcUrl))), "- -");
  for (const char* host :
       {"agents-dualtrace.observability.svc", "agents-dualtrace.observability.svc.",
        "agents-dualtrace.observability.svc.k8s.corp.example",
        "agents-dualtrace.observability.svc.cluster.local."}) {
    EXPECT_EQ(target(list_of(value_of(kTracesEndpoint, http_traces_url(host)))), "- -") << host;
  }
}

TEST(TracesTarget, IsNotFooledByHostsThatBeginAlike) {
  for (const char* url :
       {"http://agents-dualtrace.observability.svcx:4318/v1/traces",
        "http://agents-dualtrace.observability.svc.x@evil:4318/v1/traces",
        "http://agents-dualtrace.observability.svc.x/y:4318/v1/traces",
        "https://agents-dualtrace.observability.svc:4318/v1/traces",
        "http://agents-dualtrace.observability.svc:4319/v1/traces",
        "http://agents-dualtrace.observability.svc", "http://agents-dualtrace.observability"}) {
    EXPECT_EQ(target(list_of(value_of(kTracesEndpoint, url))),
              "AlreadyConfigured OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
        << url;
  }
}

TEST(TracesTarget, IsNothingWhereEnvFromMayHaveSaid) {
  const Json any = Json::array({{{"secretRef", {{"name", "openai"}}}}});
  EXPECT_EQ(target(Json::array(), "", any), "EnvFromNotKnown OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  EXPECT_EQ(target(Json::array(), "", any, EnvFrom::kBringsNoneOfOurs), kHttp + " http/protobuf");
  EXPECT_EQ(target(list_of(value_of(kTracesEndpoint, kHttp)), "", any), "- -")
      << "env overrides envFrom";
}

TEST(TracesTarget, LooksAtThePrefixOfEnvFrom) {
  const auto from = [](const char* prefix) {
    return Json::array({{{"prefix", prefix}, {"configMapRef", {{"name", "settings"}}}}});
  };
  EXPECT_EQ(target(Json::array(), "", from("APP_")), kHttp + " http/protobuf");
  EXPECT_EQ(target(Json::array(), "", from("OTEL_EXPORTER_OTLP_E")),
            "EnvFromNotKnown OTEL_EXPORTER_OTLP_ENDPOINT");
  EXPECT_EQ(target(Json::array(), "", from("OTEL_EXPORTER_OTLP_TRACES_P")),
            "EnvFromNotKnown OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
  EXPECT_EQ(target(Json::array(), "", from("OTEL_EXPORTER_OTLP_P")),
            "EnvFromNotKnown OTEL_EXPORTER_OTLP_PROTOCOL");
  EXPECT_EQ(target(Json::array(), "grpc", from("OTEL_EXPORTER_OTLP_P")), kGrpcUrl + " grpc");
}

}  // namespace
}  // namespace dualtrace::ctl

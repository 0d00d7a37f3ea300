#include "operator/webhook/endpoints.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using EnvFrom = ContainerVariables::EnvFrom;

const kube::ObjectKey kAgents{"observability", "agents"};
const std::string kHttp = "http://agents-dualtrace.observability.svc:4318/v1/traces";
const std::string kGrpcUrl = "http://agents-dualtrace.observability.svc:4317";

// "endpoint protocol" as they are to be added, or the refusal's reason and the variable it names.
std::string target(const Json& env, std::string_view asked = "",
                   const Json& env_from = Json::array(),
                   EnvFrom trust = EnvFrom::kMayBringAnything) {
  const Json container = {{"name", "app"}, {"env", env}, {"envFrom", env_from}};
  const auto result = traces_target(ContainerVariables(container, trust), asked, kAgents);
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
  EXPECT_EQ(http_traces_url({"a", "1.2"}).substr(0, 14), "http://export-");
  EXPECT_EQ(either_url(kAgents), kGrpcUrl + "/v1/traces");
}

TEST(TracesTarget, FollowsTheUsersProtocolForTraces) {
  EXPECT_EQ(target(list_of(value_of(kTracesProtocol, "grpc"))), kGrpcUrl + " -");
  EXPECT_EQ(target(list_of(value_of(kTracesProtocol, "http/json"))), kHttp + " -");
  EXPECT_EQ(target(list_of(value_of(kTracesProtocol, "http/protobuf")), "grpc"), kHttp + " -")
      << "the container's own word beats the pod's";
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
  EXPECT_EQ(target(list_of(field_of(kTracesEndpoint, "status.hostIP"))),
            "AlreadyConfigured OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  EXPECT_EQ(target(list_of(value_of(kEveryEndpoint, "http://collector:4318"))),
            "AlreadyConfigured OTEL_EXPORTER_OTLP_ENDPOINT");
  EXPECT_EQ(target(list_of(value_of(kEveryEndpoint, ""))),
            "AlreadyConfigured OTEL_EXPORTER_OTLP_ENDPOINT");
}

TEST(TracesTarget, HasNothingToAddWhereTheContainerPointsHere) {
  EXPECT_EQ(target(list_of(value_of(kTracesEndpoint, kHttp))), "- -");
  EXPECT_EQ(target(list_of(value_of(kTracesEndpoint, kGrpcUrl))), "- -");
}

TEST(TracesTarget, IsNothingWhereEnvFromMayHaveSaid) {
  const Json any = Json::array({{{"secretRef", {{"name", "openai"}}}}});
  EXPECT_EQ(target(Json::array(), "", any), "EnvFromNotKnown OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  EXPECT_EQ(target(Json::array(), "", any, EnvFrom::kBringsNoneOfOurs), kHttp + " http/protobuf");
  EXPECT_EQ(target(list_of(value_of(kTracesEndpoint, kHttp)), "", any), "- -")
      << "env beats envFrom";
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

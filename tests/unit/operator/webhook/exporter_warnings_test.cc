// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/exporter_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

const AgentsOfPod kAgents{{"observability", "agents"},
                          "agents-dualtrace.observability.svc.cluster.local"};

std::string warned(const Json& env) {
  const Json container = {{"name", "app"}, {"env", env}};
  return warned_text(exporter_warnings(
      ContainerVariables(container, ContainerVariables::EnvFrom::kMayBringAnything), "app",
      kAgents));
}
// The distinct reasons.
std::string reasons(const Json& env) {
  const std::string text = warned(env);
  return text.substr(0, text.find(':'));
}
std::string reasons(std::string_view name, std::string_view value) {
  return reasons(list_of(value_of(name, value)));
}

TEST(ExporterWarnings, AreNoneForAnEnvironmentThatLetsSpansThrough) {
  EXPECT_EQ(reasons(Json::array()), "");
  EXPECT_EQ(reasons({value_of("OTEL_SDK_DISABLED", "false"), value_of("OTEL_SDK_DISABLED", "0"),
                     value_of("OTEL_TRACES_EXPORTER", "console, otlp"),
                     value_of("OTEL_TRACES_SAMPLER", "parentbased_always_on"),
                     value_of("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
                     value_of("OTEL_EXPORTER_OTLP_INSECURE", "true"),
                     value_of("OTEL_EXPORTER_OTLP_CERTIFICATE", ""),
                     value_of("OTEL_EXPORTER_OTLP_HEADERS", "x=y"),
                     value_of("OTEL_CONFIG_FILE", ""), value_of("OTEL_TRACES_EXPORTER", ""),
                     value_of("ARIZE_COLLECTOR_ENDPOINT", either_url(kAgents.host)),
                     value_of("JAVA_TOOL_OPTIONS", "-Xmx1g -Dotel.service.name=web -jar")}),
            "");
}

TEST(ExporterWarnings, KnowAnSdkThatIsSwitchedOff) {
  EXPECT_EQ(reasons("OTEL_SDK_DISABLED", "true"), "SDKDisabled");
  EXPECT_EQ(reasons("OTEL_SDK_DISABLED", "TRUE"), "SDKDisabled");
  EXPECT_EQ(reasons("OTEL_JAVAAGENT_ENABLED", "false"), "SDKDisabled");
  EXPECT_EQ(reasons("OTEL_DOTNET_AUTO_TRACES_ENABLED", "false"), "SDKDisabled");
  EXPECT_EQ(reasons("JAVA_TOOL_OPTIONS", "-Dotel.sdk.disabled=true"), "SDKDisabled");
}

TEST(ExporterWarnings, KnowAnExporterThatIsNotOtlps) {
  for (const char* value : {"none", "zipkin", "jaeger,console", "logging-otlp", "otlpx"}) {
    EXPECT_EQ(reasons("OTEL_TRACES_EXPORTER", value), "OtherExporter") << value;
  }
  for (const char* value : {"otlp", "otlp_proto_http", " OTLP "}) {
    EXPECT_EQ(reasons("OTEL_TRACES_EXPORTER", value), "") << value;
  }
  EXPECT_EQ(reasons("_JAVA_OPTIONS", "-Dotel.traces.exporter=none"), "OtherExporter");
}

TEST(ExporterWarnings, KnowAnEndpointThatBeatsOurs) {
  EXPECT_EQ(reasons("ARIZE_COLLECTOR_ENDPOINT", "https://otlp.arize.com/v1"), "OtherEndpoint");
  EXPECT_EQ(reasons("PHOENIX_COLLECTOR_ENDPOINT", ""), "OtherEndpoint")
      << "the library then uses its own default";
  for (const char* variable : {"JAVA_TOOL_OPTIONS", "CATALINA_OPTS", "OPENJ9_JAVA_OPTIONS"}) {
    EXPECT_EQ(reasons(variable, "-Dotel.exporter.otlp.endpoint=http://collector:4317"),
              "OtherEndpoint")
        << variable;
  }
}

TEST(ExporterWarnings, SayOfALibrarysEndpointThatItIsEmptyOrNotKnown) {
  for (const char* name : {"ARIZE_COLLECTOR_ENDPOINT", "PHOENIX_COLLECTOR_ENDPOINT"}) {
    const std::string begin = std::string("OtherEndpoint: container app: ") + name;
    EXPECT_EQ(warned(list_of(value_of(name, " "))),
              begin +
                  " is set by the container, but to an empty value, so spans of that library go to "
                  "its own default; remove it to send them to the agents");
    EXPECT_EQ(warned(list_of(field_of(name, "metadata.annotations['arize']"))),
              begin +
                  " comes from a source that the webhook does not read, so it is unknown where "
                  "spans of that library go; remove it to send them to the agents");
    EXPECT_EQ(warned(list_of(value_of(name, "http://phoenix:6006"))),
              begin +
                  " is set by the container, so spans of that library do not go to the agents; "
                  "remove it to send them there");
  }
}

TEST(ExporterWarnings, KnowTheRest) {
  EXPECT_EQ(reasons("OTEL_TRACES_SAMPLER", "always_off"), "NothingSampled");
  const auto ratio = [](const char* argument) {
    return reasons(list_of(value_of("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
                           value_of("OTEL_TRACES_SAMPLER_ARG", argument)));
  };
  EXPECT_EQ(ratio("0.0"), "NothingSampled");
  EXPECT_EQ(ratio("0.1"), "");
  EXPECT_EQ(ratio(""), "");
  EXPECT_EQ(reasons("OTEL_CONFIG_FILE", "/etc/otel.yaml"), "ConfigurationFile");
  EXPECT_EQ(reasons("OTEL_EXPERIMENTAL_CONFIG_FILE", "/etc/otel.yaml"), "ConfigurationFile");
  EXPECT_EQ(reasons("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"), "TLSWanted");
  EXPECT_EQ(reasons("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/key.pem"), "TLSWanted");
  EXPECT_EQ(reasons("OTEL_EXPORTER_OTLP_INSECURE", "False"), "TLSWanted");
  EXPECT_EQ(reasons(list_of(value_of("OTEL_EXPORTER_OTLP_INSECURE", "false"),
                            value_of("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "true"))),
            "")
      << "the one for traces applies";
  EXPECT_EQ(reasons("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "snappy"), "CompressionNotKnown");
  EXPECT_EQ(reasons("HTTP_PROXY", "http://proxy:3128"), "BehindProxy");
}

TEST(ExporterWarnings, DoNotGuessAtWhatComesFromASource) {
  EXPECT_EQ(reasons(list_of(field_of("OTEL_SDK_DISABLED", "metadata.annotations['x']"),
                            field_of("OTEL_TRACES_EXPORTER", "metadata.annotations['y']"))),
            "");
}

TEST(WarnedText, HasEachReasonOnceAndNotMoreThanAPersonReads) {
  EXPECT_EQ(warned_text({}), "");
  EXPECT_EQ(warned_text({{"A", "x"}, {"B", "y"}, {"A", "z"}}), "A,B: x; y; z");
  const PodWarnings many(100, {"A", std::string(100, 'x')});
  EXPECT_LT(warned_text(many).size(), 4200U);
  EXPECT_THAT(warned_text(many), testing::EndsWith("; and more"));
}

}  // namespace
}  // namespace dualtrace::ctl

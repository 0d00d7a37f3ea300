// SPDX-License-Identifier: Apache-2.0
#include "agent/intake/enricher.h"

#include <gtest/gtest.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::agent {
namespace {

using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using Attributes = std::vector<std::pair<std::string, std::string>>;

AgentConfig config_of(const std::string& more) {
  const ConfigOrFaults parsed = parse_agent_config(
      "arize:\n"
      "  region: US\n"
      "  credentials: {apiKeyFile: key, spaceIDFile: space}\n" +
          more,
      "/etc/dualtrace");
  EXPECT_TRUE(parsed.config.has_value()) << to_string(parsed.faults);
  return *parsed.config;
}

// The resource's attributes after enrichment. The span gets `span_key` if it is not empty.
Attributes enriched(const std::string& more, const Attributes& resource,
                    const std::string& span_key = "", const std::string& span_value = "mine") {
  Request request;
  auto& resource_spans = *request.add_resource_spans();
  for (const auto& [key, value] : resource) {
    auto& attribute = *resource_spans.mutable_resource()->add_attributes();
    attribute.set_key(key);
    attribute.mutable_value()->set_string_value(value);
  }
  auto& span = *resource_spans.add_scope_spans()->add_spans();
  if (!span_key.empty()) {
    auto& attribute = *span.add_attributes();
    attribute.set_key(span_key);
    attribute.mutable_value()->set_string_value(span_value);
  }
  const auto spliced =
      splice(request.SerializeAsString(), resource_additions(config_of(more))).value();
  if (spliced) {
    EXPECT_TRUE(request.ParseFromString(*spliced));
  }
  Attributes result;
  for (const auto& attribute : request.resource_spans(0).resource().attributes()) {
    result.emplace_back(attribute.key(), attribute.value().string_value());
  }
  return result;
}

const std::string kProject = "  project: agents\n";

TEST(Enricher, AddsNothingThatIsNotConfigured) {
  EXPECT_TRUE(resource_additions(config_of("")).empty());
}

TEST(Enricher, AddsTheProjectUnderBothNames) {
  EXPECT_EQ(enriched(kProject, {{"service.name", "shop"}}),
            (Attributes{{"service.name", "shop"},
                        {"openinference.project.name", "agents"},
                        {"model_id", "agents"}}));
}

TEST(Enricher, LeavesTheProjectToTheApplicationThatSetOne) {
  for (const char* key : {"openinference.project.name", "arize.project.name", "model_id"}) {
    EXPECT_EQ(enriched(kProject, {{key, "mine"}}), (Attributes{{key, "mine"}}));
  }
  EXPECT_EQ(enriched(kProject, {}, "arize.project.name"), Attributes{});
}

TEST(Enricher, NamesTheProjectWhereTheApplicationNamesNone) {
  const Attributes project{{"openinference.project.name", "agents"}, {"model_id", "agents"}};
  for (const char* key : {"openinference.project.name", "arize.project.name", "model_id"}) {
    EXPECT_EQ(enriched(kProject, {{key, ""}}), project) << key;
    EXPECT_EQ(enriched(kProject, {{key, " "}}), project) << key;
  }
  EXPECT_EQ(enriched(kProject, {}, "arize.project.name", ""), project);
  EXPECT_EQ(enriched("resourceAttributes: {model_id: configured}\n", {{"model_id", ""}}),
            (Attributes{{"model_id", "configured"}}));
}

TEST(Enricher, LeavesOtherEmptyAttributesAlone) {
  EXPECT_EQ(enriched("resourceAttributes: {k8s.cluster.name: west}\n", {{"k8s.cluster.name", ""}}),
            (Attributes{{"k8s.cluster.name", ""}}));
}

TEST(Enricher, AddsConfiguredAttributesWhereTheyAreAbsent) {
  const std::string more =
      "resourceAttributes: {deployment.environment: prod, k8s.cluster.name: west}\n";
  EXPECT_EQ(enriched(more, {{"k8s.cluster.name", "east"}}),
            (Attributes{{"k8s.cluster.name", "east"}, {"deployment.environment", "prod"}}));
}

TEST(Enricher, PrefersAConfiguredProjectAttribute) {
  EXPECT_EQ(enriched(kProject + "resourceAttributes: {model_id: configured}\n", {}),
            (Attributes{{"model_id", "configured"}}));
}

}  // namespace
}  // namespace dualtrace::agent

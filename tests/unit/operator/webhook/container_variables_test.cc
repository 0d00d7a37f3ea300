// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/container_variables.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using EnvFrom = ContainerVariables::EnvFrom;

Json container(Json env, Json env_from = Json::array()) {
  return {{"name", "app"}, {"env", std::move(env)}, {"envFrom", std::move(env_from)}};
}

Json secret(const char* prefix = nullptr) {
  Json source = {{"secretRef", {{"name", "openai"}}}};
  if (prefix != nullptr) source["prefix"] = prefix;
  return source;
}

TEST(ContainerVariables, AreSetByEnvWithAValueOrFromASource) {
  const Json given =
      container(list_of(value_of("A", "1"), field_of("B", "metadata.name"), Json{{"name", "C"}}));
  const ContainerVariables variables(given, EnvFrom::kMayBringAnything);
  EXPECT_TRUE(variables.sets("A") && variables.sets("B") && variables.sets("C"));
  EXPECT_FALSE(variables.sets("D"));
  EXPECT_EQ(variables.text("A"), "1");
  EXPECT_EQ(variables.text("B"), std::nullopt);
  EXPECT_EQ(variables.text("C"), "");
  EXPECT_EQ(variables.text("D"), std::nullopt);
}

TEST(ContainerVariables, HaveTheValueOfTheLastEntry) {
  const Json given = container(list_of(value_of("A", "1"), value_of("B", "x"), value_of("A", "2")));
  const ContainerVariables variables(given, EnvFrom::kMayBringAnything);
  EXPECT_EQ(variables.position("A"), 2U);
  EXPECT_EQ(variables.literal("A"), "2");
}

TEST(ContainerVariables, AreNotLiteralWhenTheyReferToOthers) {
  const Json given = container(list_of(value_of("A", "$(B)"), value_of("C", "a$b")));
  const ContainerVariables variables(given, EnvFrom::kMayBringAnything);
  EXPECT_EQ(variables.text("A"), "$(B)");
  EXPECT_EQ(variables.literal("A"), std::nullopt);
  EXPECT_EQ(variables.literal("C"), std::nullopt);
}

TEST(ContainerVariables, MayAllComeFromAnEnvFromWithoutAPrefix) {
  const Json given = container(Json::array(), Json::array({secret()}));
  const ContainerVariables variables(given, EnvFrom::kMayBringAnything);
  EXPECT_TRUE(variables.may_bring("OTEL_SERVICE_NAME"));
  EXPECT_FALSE(variables.is_free("OTEL_SERVICE_NAME"));
  EXPECT_TRUE(ContainerVariables(given, EnvFrom::kBringsNoneOfOurs).is_free("OTEL_SERVICE_NAME"));
}

TEST(ContainerVariables, ComeFromAnEnvFromOnlyWithItsPrefix) {
  const Json given = container(Json::array(), Json::array({secret("DB_"), secret("OTEL_S")}));
  const ContainerVariables variables(given, EnvFrom::kMayBringAnything);
  EXPECT_TRUE(variables.may_bring("OTEL_SERVICE_NAME"));
  EXPECT_FALSE(variables.may_bring("OTEL_RESOURCE_ATTRIBUTES"));
}

TEST(ContainerVariables, AreOneWordWhenTheyAreANameANumberOrAPlainText) {
  const Json given = container(
      {field_of("POD", "metadata.name"),
       field_of("IPS", "status.podIPs"),
       field_of("LABEL", "metadata.labels['x']"),
       value_of("PLAIN", "blue"),
       value_of("LIST", "a,b"),
       value_of("PAIR", "a=b"),
       value_of("OTHER", "$(POD)"),
       {{"name", "CPU"}, {"valueFrom", {{"resourceFieldRef", {{"resource", "limits.cpu"}}}}}},
       {{"name", "KEY"}, {"valueFrom", {{"secretKeyRef", {{"name", "x"}, {"key", "y"}}}}}}});
  const ContainerVariables variables(given, EnvFrom::kMayBringAnything);
  for (const char* name : {"POD", "PLAIN", "CPU"}) EXPECT_TRUE(variables.is_word(name, 9)) << name;
  for (const char* name : {"IPS", "LABEL", "LIST", "PAIR", "OTHER", "KEY", "NONE"}) {
    EXPECT_FALSE(variables.is_word(name, 9)) << name;
  }
  EXPECT_FALSE(variables.is_word("POD", 0)) << "only earlier entries are resolved";
}

}  // namespace
}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/api/agent_defaults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/api/export_files.h"

namespace dualtrace::ctl {
namespace {

using testing::HasSubstr;

AgentDefaults defaults(const std::string& text) { return AgentDefaults::parse(text).value(); }

std::string fault_of(const std::string& text) {
  const auto parsed = AgentDefaults::parse(text);
  return parsed ? "" : parsed.error().message;
}

AgentSpec agent_of(const AgentDefaults& installed, const std::string& written) {
  Json object = minimal_export();
  object["spec"]["agent"] = Json::parse(written);
  const EffectiveExport parsed = parse_export(object, installed);
  EXPECT_TRUE(parsed.value) << to_string(parsed.faults);
  return parsed.value ? parsed.value->agent : AgentSpec{};
}

TEST(AgentDefaults, HoldWhereAnExportSaysNothing) {
  const AgentDefaults installed = defaults(R"({
    "tolerations": [{"operator": "Exists"}], "nodeSelector": {"pool": "apps"},
    "affinity": {"nodeAffinity": {}}, "imagePullSecrets": [{"name": "registry"}],
    "resources": {"requests": {"cpu": "20m"}, "limits": {"memory": "1Gi"}},
    "priorityClassName": "agents", "env": [{"name": "TZ", "value": "UTC"}],
    "labels": {"cost-center": "traces"}, "annotations": {"example.com/owner": "platform"},
    "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}},
    "securityContext": {"seLinuxOptions": {"type": "spc_t"}},
    "networkPolicy": {"mode": "None"}})");
  for (const char* silent : {"{}", R"({"resources": {"requests": {}}, "env": []})"}) {
    const AgentSpec agent = agent_of(installed, silent);
    EXPECT_EQ(agent.tolerations, Json::parse(R"([{"operator": "Exists"}])"));
    EXPECT_EQ(agent.node_selector, Json::parse(R"({"pool": "apps"})"));
    EXPECT_EQ(agent.affinity, Json::parse(R"({"nodeAffinity": {}})"));
    EXPECT_EQ(agent.image_pull_secrets, Json::parse(R"([{"name": "registry"}])"));
    EXPECT_EQ(agent.resources, Json::parse(R"({"requests": {"cpu": "20m", "memory": "64Mi"},
                                               "limits": {"memory": "1Gi"}})"));
    EXPECT_EQ(agent.priority_class_name, "agents");
    EXPECT_EQ(agent.env, Json::parse(R"([{"name": "TZ", "value": "UTC"}])"));
    EXPECT_EQ(agent.labels, (Labels{{"cost-center", "traces"}}));
    EXPECT_EQ(agent.annotations, (Labels{{"example.com/owner", "platform"}}));
    EXPECT_EQ(agent.update_strategy.max_unavailable, "10%");
    EXPECT_EQ(agent.security_context.se_linux_options, Json::parse(R"({"type": "spc_t"})"));
    EXPECT_FALSE(agent.network_policy.managed);
  }
}

TEST(AgentDefaults, GiveWayToWhatAnExportSays) {
  const AgentDefaults installed = defaults(R"({
    "tolerations": [{"operator": "Exists"}], "nodeSelector": {"pool": "apps"},
    "resources": {"requests": {"cpu": "20m"}, "limits": {"memory": "1Gi", "cpu": "2"}},
    "env": [{"name": "TZ", "value": "UTC"}, {"name": "A", "value": "1"}],
    "labels": {"cost-center": "traces", "team": "platform"}})");
  const AgentSpec agent = agent_of(installed, R"({
    "tolerations": [], "nodeSelector": {"zone": "a"}, "resources": {"limits": {"memory": "256Mi"}},
    "env": [{"name": "TZ", "value": "CET"}], "labels": {"team": "shop"}})");
  EXPECT_EQ(agent.tolerations, Json::array());
  EXPECT_EQ(agent.node_selector, Json::parse(R"({"zone": "a"})"));
  EXPECT_EQ(agent.resources, Json::parse(R"({"requests": {"cpu": "20m", "memory": "64Mi"},
                                             "limits": {"cpu": "2", "memory": "256Mi"}})"));
  EXPECT_EQ(agent.env, Json::parse(R"([{"name": "TZ", "value": "CET"},
                                       {"name": "A", "value": "1"}])"));
  EXPECT_EQ(agent.labels, (Labels{{"cost-center", "traces"}, {"team", "shop"}}));
}

TEST(AgentDefaults, AddRulesWhereThereIsAPolicy) {
  const AgentDefaults installed = defaults(R"({"networkPolicy": {"ingress": [{"ports": []}]}})");
  const AgentSpec managed = agent_of(installed, R"({"networkPolicy": {"mode": "Managed",
    "ingress": [{"from": []}], "egress": [{}]}})");
  EXPECT_EQ(managed.network_policy.ingress, Json::parse(R"([{"from": []}, {"ports": []}])"));
  EXPECT_EQ(managed.network_policy.egress, Json::parse("[{}]"));
  const AgentSpec none = agent_of(installed, R"({"networkPolicy": {"mode": "None"}})");
  EXPECT_FALSE(none.network_policy.managed);
}

// Defaults that an older schema wrote into a stored export count as the export's own values.
TEST(AgentDefaults, LeaveAnOlderExportAsItIs) {
  const AgentDefaults installed = defaults(R"({"resources": {"limits": {"memory": "1Gi"}}})");
  EXPECT_EQ(
      text_at(agent_of(installed, R"({"resources": {"limits": {"memory": "512Mi"}}})").resources,
              {"limits", "memory"}),
      "512Mi");
}

TEST(AgentDefaults, ObeyTheRulesOfExports) {
  EXPECT_EQ(fault_of("{}"), "");
  EXPECT_THAT(fault_of("[]"), HasSubstr("expected an object"));
  EXPECT_THAT(fault_of(R"({"image": "other"})"),
              HasSubstr("image: is not a field of spec.agent that"));
  EXPECT_THAT(fault_of(R"({"labels": {"a b": "c"}})"),
              HasSubstr("labels[a b]: expected a label's name"));
  EXPECT_THAT(fault_of(R"({"updateStrategy": {"rollingUpdate": {"maxSurge": "200%"}}})"),
              HasSubstr("updateStrategy.rollingUpdate.maxSurge: expected a number of nodes"));
  EXPECT_THAT(fault_of(R"({"resources": {"limits": {"memory": "1Mi"}}})"),
              HasSubstr("resources.limits.memory: must be between"));
}

TEST(AgentDefaults, LeaveWhatIsNoExportToTheParser) {
  const AgentDefaults installed = defaults(R"({"labels": {"a": "b"}})");
  for (const char* text : {"{}", R"({"spec": 1})", R"({"spec": {"agent": []}})",
                           R"({"spec": {"agent": {"labels": 1}}})"}) {
    EXPECT_FALSE(parse_export(Json::parse(text), installed).value) << text;
  }
}

}  // namespace
}  // namespace dualtrace::ctl

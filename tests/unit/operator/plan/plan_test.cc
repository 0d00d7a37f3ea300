// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/agent_config.h"
#include "common/config/fingerprint.h"
#include "operator/api/export_fields.h"
#include "operator/plan/agent_config.h"
#include "operator/plan/names.h"
#include "tests/unit/operator/plan/examples.h"

namespace dualtrace::ctl {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The kinds whose objects differ.
std::vector<std::string> changed_kinds(const Plan& before, const Plan& after) {
  std::vector<std::string> kinds;
  for (const kube::ResourceType& type : planned_types()) {
    if (object_of(before, type) != object_of(after, type)) kinds.emplace_back(type.kind);
  }
  return kinds;
}

const Json& pod_of(const Plan& plan) {
  return *find(object_of(plan, kube::kDaemonSets), {"spec", "template"});
}

const Json& pod_spec_of(const Plan& plan) { return pod_of(plan).at("spec"); }

// Null if no Secret is needed.
Json credential_sources_of(const Plan& plan) {
  for (const Json& volume : pod_spec_of(plan).at("volumes")) {
    if (volume.at("name") == "credentials") return volume.at("projected").at("sources");
  }
  return Json::array();
}

const Json& egress_of(const Plan& plan) {
  return *find(object_of(plan, kube::kNetworkPolicies), {"spec", "egress"});
}

TEST(Plan, HoldsOneObjectOfEachPlannedType) {
  const Plan plan = plan_of(example("full"));
  std::vector<kube::ResourceType> types;
  for (const PlannedObject& planned : plan.objects) types.push_back(planned.type);
  EXPECT_EQ(types, planned_types());
}

TEST(Plan, IsEqualForEqualExports) {
  for (const std::string_view name : kExampleNames) {
    const Plan once = plan_of(example(name));
    const Plan again = plan_of(example(name));
    EXPECT_EQ(once.objects, again.objects);
    EXPECT_EQ(once.config_fingerprint, again.config_fingerprint);
    EXPECT_EQ(once.config_fingerprint, config_fingerprint(agent_yaml_of(once)));
  }
}

TEST(Plan, GivesEveryObjectItsNameLabelsAndOwner) {
  for (const std::string_view name : kExampleNames) {
    const DualTraceExport wanted = example(name);
    const Plan plan = plan_of(wanted);
    for (const PlannedObject& planned : plan.objects) {
      const Json& metadata = planned.object.at("metadata");
      EXPECT_EQ(planned.object.at("apiVersion"), planned.type.api_version());
      EXPECT_EQ(planned.object.at("kind"), planned.type.kind);
      EXPECT_EQ(metadata.at("namespace"), wanted.key.namespace_name);
      EXPECT_EQ(metadata.at("name"), child_name(wanted.key.name));
      const Json ours = child_labels(wanted.key.name);
      for (const auto& [label, value] : ours.items()) {
        EXPECT_EQ(metadata.at("labels").at(label), value);
      }
      const Json& owner = metadata.at("ownerReferences").at(0);
      EXPECT_EQ(owner.at("uid"), wanted.uid);
      EXPECT_EQ(owner.at("name"), wanted.key.name);
      EXPECT_EQ(owner.at("controller"), true);
      EXPECT_EQ(owner.at("blockOwnerDeletion"), true);
    }
  }
}

TEST(Plan, ChangesTheConfigMapAloneForWhatAgentsReload) {
  const Plan before = plan_of(example("full"));
  DualTraceExport wanted = example("full");
  wanted.settings["delivery.maxAge"] = "48h";
  wanted.settings["delivery.maxBacklog"] = "9Gi";
  wanted.settings["arize.project"] = "another";
  wanted.settings["databricks.table"] = "main.traces.other";
  wanted.resource_attributes["team"] = "another";
  wanted.settings["logLevel"] = "Error";
  const Plan after = plan_of(wanted);
  EXPECT_THAT(changed_kinds(before, after), ElementsAre("ConfigMap"));
  EXPECT_NE(before.config_fingerprint, after.config_fingerprint);
}

// Agents of the previous release refuse unknown keys, and may restart while they wait for their
// turn in the rollout.
TEST(Plan, WritesASettingOnlyWhereItIsNotTheDefault) {
  DualTraceExport wanted = example("full");
  std::vector<std::string> names;
  for (const ExportField& field : export_fields()) {
    if (field.config_key.empty() || field.fallback.empty()) continue;
    wanted.settings[field.config_key] = field.fallback;
    names.emplace_back(field.config_key.substr(field.config_key.rfind('.') + 1));
  }
  for (const std::string& name : names) {
    EXPECT_THAT(agent_yaml_of(plan_of(wanted)), Not(HasSubstr(" " + name + ":")));
  }
  wanted.settings["delivery.minFreeDisk"] = "20Gi";
  EXPECT_THAT(agent_yaml_of(plan_of(wanted)), HasSubstr("minFreeDisk: 20Gi\n"));
}

TEST(Plan, TellsTheAgentWhoseJournalsItMayDeliver) {
  DualTraceExport wanted = example("full");
  const auto env = [](const Plan& plan) {
    return pod_spec_of(plan).at("containers").at(0).at("env");
  };
  const Json uid = {{"name", "DUALTRACE_EXPORT_UID"}, {"value", wanted.uid}};
  EXPECT_EQ(env(plan_of(wanted)), Json::array({uid}));
  wanted.delivery.adopt_from = {"uid-1", "uid-2"};
  const Json others = {{"name", "DUALTRACE_ADOPT_FROM"}, {"value", "uid-1,uid-2"}};
  EXPECT_EQ(env(plan_of(wanted)), Json::array({uid, others}));
}

TEST(Plan, LetsTheClusterAutoscalerEvictAgentsBeforeTheirNode) {
  const Plan plan = plan_of(example("full"));
  EXPECT_EQ(pod_of(plan)
                .at("metadata")
                .at("annotations")
                .at("cluster-autoscaler.kubernetes.io/enable-ds-eviction"),
            "true");
}

TEST(Plan, ChangesTheDaemonSetAloneForWhatThePodIs) {
  const Plan before = plan_of(example("arize_only"));
  const auto change = [&](const auto& edit) {
    DualTraceExport wanted = example("arize_only");
    edit(wanted.agent);
    const Plan after = plan_of(wanted);
    EXPECT_EQ(before.config_fingerprint, after.config_fingerprint);
    EXPECT_THAT(changed_kinds(before, after), ElementsAre("DaemonSet"));
  };
  change([](AgentSpec& agent) { agent.image = "registry.example.com/agent:2"; });
  change([](AgentSpec& agent) { agent.image_pull_policy = "Always"; });
  change([](AgentSpec& agent) { agent.node_selector = {{"pool", "gpu"}}; });
  change([](AgentSpec& agent) { agent.tolerations = Json::array({{{"operator", "Exists"}}}); });
  change([](AgentSpec& agent) { agent.priority_class_name = "high"; });
  change([](AgentSpec& agent) { agent.resources["limits"]["cpu"] = "3"; });
  change([](AgentSpec& agent) { agent.update_strategy.on_delete = true; });
  change([](AgentSpec& agent) { agent.affinity = {{"nodeAffinity", Json::object()}}; });
  change([](AgentSpec& agent) { agent.env = {{{"name", "TZ"}, {"value", "UTC"}}}; });
  change([](AgentSpec& agent) { agent.pod_security_context.emplace(); });
  EXPECT_THAT(changed_kinds(before, plan_of(example("arize_only"), {.agent_image = "another:1",
                                                                    .can_prefer_same_node = true})),
              ElementsAre("DaemonSet"));
}

TEST(Plan, LeadsToOtherNodesOnlyWhereThatIsWantedAndCanBe) {
  const auto leads = [](Traffic traffic, bool can) {
    DualTraceExport wanted = example("full");
    wanted.agent.traffic = traffic;
    const Plan plan = plan_of(wanted, {.agent_image = "agent:1", .can_prefer_same_node = can});
    const Json& service = object_of(plan, kube::kServices).at("spec");
    const bool falls_back = text_at(service, {"trafficDistribution"}) == "PreferSameNode";
    const std::string_view readiness =
        text_at(pod_spec_of(plan).at("containers").at(0), {"readinessProbe", "httpGet", "path"});
    // Without a fallback, clients should get this agent's refusal rather than no answer.
    EXPECT_EQ(readiness, falls_back ? "/readyz" : "/readyz/receiver");
    EXPECT_EQ(text_at(service, {"internalTrafficPolicy"}), falls_back ? "Cluster" : "Local");
    EXPECT_EQ(service.contains("trafficDistribution"), falls_back);
    return falls_back;
  };
  EXPECT_TRUE(leads(Traffic::kPreferSameNode, true));
  EXPECT_FALSE(leads(Traffic::kPreferSameNode, false));
  EXPECT_FALSE(leads(Traffic::kSameNode, true));
}

TEST(Plan, ToleratesEveryNoScheduleTaintUnlessToldOtherwise) {
  DualTraceExport wanted = example("arize_only");
  EXPECT_EQ(pod_spec_of(plan_of(wanted)).at("tolerations"),
            Json::array({{{"operator", "Exists"}, {"effect", "NoSchedule"}}}));
  wanted.agent.tolerations = Json::array();
  EXPECT_FALSE(pod_spec_of(plan_of(wanted)).contains("tolerations"));
}

TEST(Plan, RollsThePodsForWhatOnlyARestartChanges) {
  const auto fingerprint = [](const Plan& plan) {
    return std::string(
        text_at(pod_of(plan), {"metadata", "annotations", "dualtrace.dev/restart-fingerprint"}));
  };
  const std::string before = fingerprint(plan_of(example("full")));
  EXPECT_EQ(before, restart_fingerprint(agent_yaml(example("full")).yaml.value().config));
  const auto rolls = [&](const auto& edit) {
    DualTraceExport wanted = example("full");
    edit(wanted);
    return fingerprint(plan_of(wanted)) != before;
  };
  EXPECT_TRUE(
      rolls([](DualTraceExport& wanted) { wanted.settings["delivery.durability"] = "Memory"; }));
  EXPECT_TRUE(rolls([](DualTraceExport& wanted) {
    wanted.databricks.reset();
    std::erase_if(wanted.settings,
                  [](const auto& setting) { return setting.first.starts_with("databricks."); });
  }));
  EXPECT_FALSE(rolls([](DualTraceExport& wanted) { wanted.settings["delivery.maxAge"] = "1h"; }));
  EXPECT_FALSE(rolls([](DualTraceExport& wanted) { wanted.settings["logLevel"] = "Warn"; }));
}

// All versions of an export must select the same pods, because a selector is immutable.
TEST(Plan, NeverChangesTheSelector) {
  DualTraceExport other = example("empty_dir");
  other.key = example("full").key;
  const auto selector = [](const Plan& plan) {
    return *find(object_of(plan, kube::kDaemonSets), {"spec", "selector", "matchLabels"});
  };
  const Plan plan = plan_of(example("full"));
  const Json selected = selector(plan);
  EXPECT_EQ(selected, selector(plan_of(other, {"another:2"})));
  for (const auto& [name, value] : selected.items()) {
    EXPECT_EQ(pod_of(plan).at("metadata").at("labels").at(name), value);
  }
  EXPECT_EQ(*find(object_of(plan, kube::kServices), {"spec", "selector"}), selected);
}

TEST(Plan, MountsOnlyTheKeysThatAreNamed) {
  EXPECT_EQ(credential_sources_of(plan_of(example("full"))), Json::parse(R"([
    {"secret": {"name": "arize", "optional": true, "items": [
      {"key": "key", "path": "arize/api-key"}, {"key": "space", "path": "arize/space-id"}]}},
    {"configMap": {"name": "corporate-ca", "optional": true, "items": [
      {"key": "bundle.pem", "path": "arize/ca.crt"}]}},
    {"secret": {"name": "databricks", "optional": true, "items": [
      {"key": "pat", "path": "databricks/token"}, {"key": "ca.pem", "path": "databricks/ca.crt"}]}}
  ])"));
}

TEST(Plan, ReadsTheFilesThatItMounts) {
  for (const std::string_view name : kExampleNames) {
    const Plan plan = plan_of(example(name));
    for (const Json& source : credential_sources_of(plan)) {
      for (const Json& item : source.front().at("items")) {
        EXPECT_THAT(agent_yaml_of(plan), HasSubstr("/etc/dualtrace/credentials/" +
                                                   std::string(text_at(item, {"path"})) + "\n"));
      }
    }
  }
}

TEST(Plan, GivesTheFolderOnTheNodeToTheAgentByAStepThatCanDoNothingElse) {
  const Json spec = pod_spec_of(plan_of(example("full")));
  const Json& prepare = spec.at("initContainers").at(0);
  EXPECT_EQ(prepare.at("args"),
            Json({"prepare-folder", "--folder", "/var/lib/dualtrace", "--owner", "65532:65532"}));
  EXPECT_EQ(prepare.at("securityContext").at("capabilities"),
            Json::parse(R"({"drop": ["ALL"], "add": ["CHOWN"]})"));
  EXPECT_EQ(prepare.at("volumeMounts"),
            Json::parse(R"([{"name": "data", "mountPath": "/var/lib/dualtrace"}])"));
  EXPECT_EQ(prepare.at("image"), spec.at("containers").at(0).at("image"));
}

TEST(Plan, NeedsNoRightsAtAllWithAnEmptyDir) {
  const Json spec = pod_spec_of(plan_of(example("empty_dir")));
  EXPECT_FALSE(spec.contains("initContainers"));
  for (const Json& volume : spec.at("volumes")) EXPECT_FALSE(volume.contains("hostPath"));
  EXPECT_EQ(spec.at("securityContext").at("runAsNonRoot"), true);
  EXPECT_EQ(spec.at("containers").at(0).at("securityContext"),
            Json::parse(R"({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                            "capabilities": {"drop": ["ALL"]}})"));
}

TEST(Plan, GivesAgentsTheTimeToDrain) {
  const Plan plan = plan_of(example("full"));
  const Json& spec = pod_spec_of(plan);
  const auto parsed = parse_agent_config(agent_yaml_of(plan), "/");
  ASSERT_TRUE(parsed.config);
  const auto grace = integer_at(spec, {"terminationGracePeriodSeconds"});
  const auto pre_stop =
      integer_at(spec.at("containers").at(0), {"lifecycle", "preStop", "sleep", "seconds"});
  EXPECT_GE(std::chrono::seconds(grace.value_or(0) - pre_stop.value_or(0)),
            parsed.config->drain_timeout + std::chrono::seconds(10));
}

TEST(Plan, LetsAgentsCallTheProxyInPlaceOfTheDestination) {
  DualTraceExport wanted = example("arize_only");
  EXPECT_EQ(egress_of(plan_of(wanted)).at(1),
            Json::parse(R"({"ports": [{"port": 443, "protocol": "TCP"}]})"));
  EXPECT_EQ(egress_of(plan_of(wanted)).size(), 2);
  wanted.settings["arize.proxyURL"] = "http://10.0.0.7:3128";
  EXPECT_EQ(egress_of(plan_of(wanted)).at(1),
            Json::parse(R"({"ports": [{"port": 3128, "protocol": "TCP"}]})"));
}

// The allowed senders in the agents' NetworkPolicy.
Json senders(const DualTraceExport& wanted) {
  return object_of(plan_of(wanted), kube::kNetworkPolicies)
      .at("spec")
      .at("ingress")
      .at(0)
      .at("from");
}

TEST(Plan, LetsInTheNamespacesThatTheExportAdmits) {
  const Json everybody = Json::parse(R"([{"namespaceSelector": {}}])");
  const Json own = Json::parse(R"([{"podSelector": {}}])");
  DualTraceExport wanted = example("arize_only");
  EXPECT_EQ(senders(wanted), own);
  wanted.injection.namespace_selector = LabelSelector{};
  EXPECT_EQ(senders(wanted), everybody);
  wanted.injection.namespace_selector->match_labels = {{"team", "sales"}};
  wanted.injection.namespace_selector->match_expressions = {
      {"stage", LabelOperator::kNotIn, {"test"}}};
  EXPECT_EQ(senders(wanted), Json::parse(R"([{"podSelector": {}}, {"namespaceSelector": {
    "matchLabels": {"team": "sales"},
    "matchExpressions": [{"key": "stage", "operator": "NotIn", "values": ["test"]}]}}])"));

  wanted.consent = Consent::kSelectedAsBefore;
  EXPECT_EQ(senders(wanted), everybody);
  wanted.injection.namespace_selector.reset();
  wanted.consent = Consent::kAllAsBefore;
  EXPECT_EQ(senders(wanted), everybody);
  wanted.consent = Consent::kTrueAsBefore;
  EXPECT_EQ(senders(wanted), own);
}

// The operator and metrics scrapers run in namespaces that no export admits.
TEST(Plan, LetsEverybodyReadTheStatusOfAgents) {
  const Json rule = object_of(plan_of(example("arize_only")), kube::kNetworkPolicies)
                        .at("spec")
                        .at("ingress")
                        .at(1);
  EXPECT_EQ(rule.at("from"), Json::parse(R"([{"namespaceSelector": {}}])"));
}

TEST(Plan, LetsAgentsCallServicesOnThePortsOfTheirPods) {
  const Json pods = Json::parse(R"({"to": [{"namespaceSelector": {}}]})");
  for (const auto& [host, is_service] :
       std::vector<std::pair<std::string, bool>>{{"gateway", true},
                                                 {"gateway.tools.svc", true},
                                                 {"gateway.tools.svc.cluster.local", true},
                                                 {"otlp.arize.com", false},
                                                 {"[fd00::7]", false},
                                                 {"svc.example.com", false}}) {
    DualTraceExport wanted = example("arize_only");
    wanted.settings.erase("arize.region");
    wanted.settings["arize.endpoint"] = host + ":4317";
    EXPECT_EQ(egress_of(plan_of(wanted)).back() == pods, is_service) << host;
  }
}

TEST(Plan, ReportsWhatTheAgentsValidationRefusesUnderTheExportsFields) {
  DualTraceExport wanted = example("full");
  wanted.settings["delivery.maxAge"] = "soon";
  wanted.settings["databricks.workspaceURL"] = "http://dbc.example.com";
  wanted.settings["logLevel"] = "Loud";
  const PlanOrFaults planned = plan_export(wanted, kInstallation);
  EXPECT_FALSE(planned.plan);
  std::vector<std::string> paths;
  for (const ExportFault& fault : planned.faults) paths.push_back(fault.path);
  EXPECT_THAT(paths, ElementsAre("spec.databricks.workspaceURL", "spec.delivery.maxAge",
                                 "spec.agent.logLevel"));
}

TEST(Plan, ReportsAMemoryLimitThatIsNoSize) {
  DualTraceExport wanted = example("full");
  wanted.agent.resources["limits"]["memory"] = "plenty";
  const PlanOrFaults planned = plan_export(wanted, kInstallation);
  ASSERT_EQ(planned.faults.size(), 1);
  EXPECT_EQ(planned.faults[0].path, "spec.agent.resources.limits.memory");
}

TEST(Plan, GivesAgentsATokenToExchangeAndNoneForTheApiServer) {
  const Json pod = object_of(plan_of(example("workload_identity")),
                             kube::kDaemonSets)["spec"]["template"]["spec"];
  EXPECT_EQ(pod["automountServiceAccountToken"], false);
  const Json& volume = pod["volumes"].back();
  EXPECT_EQ(volume["name"], "identity");
  const Json token = {{"path", "databricks-token"},
                      {"audience", "6b3f6d3c-0000-4000-8000-3f2a1c9d8e7f"},
                      {"expirationSeconds", 3600}};
  EXPECT_EQ(volume["projected"]["sources"], Json::array({{{"serviceAccountToken", token}}}));
  const Json with_token = object_of(plan_of(example("full")), kube::kDaemonSets);
  EXPECT_EQ(with_token.dump().find("serviceAccountToken\":{"), std::string::npos);
}

TEST(Plan, LetsAgentsCallZerobusWhereverItIs) {
  const auto ports_of = [](const DualTraceExport& wanted) {
    return egress_of(plan_of(wanted))[1]["ports"].dump();
  };
  DualTraceExport wanted = example("oauth_zerobus");
  wanted.settings["databricks.workspaceURL"] = "https://workspace.internal.example:8443";
  wanted.settings["databricks.zerobus.endpoint"] = "https://zerobus.internal.example:9443";
  EXPECT_THAT(ports_of(wanted),
              AllOf(HasSubstr("8443"), HasSubstr("9443"), Not(HasSubstr(":443"))));
  wanted.settings.erase("databricks.zerobus.endpoint");
  EXPECT_THAT(ports_of(wanted), AllOf(HasSubstr("8443"), HasSubstr(":443")));
}

TEST(ExportPath, NamesTheFieldThatAKeyWasMadeFrom) {
  EXPECT_EQ(export_path("databricks.auth.token.file"), "spec.databricks.auth.token");
  EXPECT_EQ(export_path("databricks.auth.oauth.clientSecretFile"),
            "spec.databricks.auth.oauth.clientSecretKey");
  EXPECT_EQ(export_path("databricks.auth.workloadIdentity.tokenFile"),
            "spec.databricks.auth.workloadIdentity");
  EXPECT_EQ(export_path("databricks.auth.workloadIdentity.clientID"),
            "spec.databricks.auth.workloadIdentity.clientID");
  EXPECT_EQ(export_path("databricks.zerobus.endpoint"), "spec.databricks.zerobus.endpoint");
  EXPECT_EQ(export_path("databricks.auth.tokenFile"), "spec.databricks.auth.token");
  EXPECT_EQ(export_path("arize.credentials.spaceIDFile"), "spec.arize.credentials.spaceIDKey");
  EXPECT_EQ(export_path("resourceAttributes[team]"), "spec.resourceAttributes[team]");
  EXPECT_EQ(export_path("delivery.maxBacklog"), "spec.delivery.maxBacklog");
  EXPECT_EQ(export_path("receiver.limits.memoryBytes"), "spec.agent.resources.limits.memory");
  EXPECT_EQ(export_path(""), "spec");
}

const Json& strategy_of(const Plan& plan) {
  return *find(object_of(plan, kube::kDaemonSets), {"spec", "updateStrategy"});
}

// A DaemonSet counts a node that cannot run the new agent against maxSurge for as long as that
// lasts. If maxSurge allows all nodes, no number of such nodes blocks the others.
TEST(Plan, LetsNoNodeHoldUpARolloutUnlessToldOtherwise) {
  DualTraceExport wanted = example("full");
  wanted.agent.update_strategy = {};
  EXPECT_EQ(strategy_of(plan_of(wanted)), Json::parse(R"({"type": "RollingUpdate",
    "rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0}})"));
  wanted.agent.update_strategy = {.max_surge = "3", .max_unavailable = "0%"};
  EXPECT_EQ(strategy_of(plan_of(wanted)), Json::parse(R"({"type": "RollingUpdate",
    "rollingUpdate": {"maxSurge": 3, "maxUnavailable": "0%"}})"));
  wanted.agent.update_strategy = {.on_delete = true};
  EXPECT_EQ(strategy_of(plan_of(wanted)), Json::parse(R"({"type": "OnDelete"})"));
}

TEST(Plan, PutsTheExportsLabelsOnEverythingAndNeverOverOurs) {
  DualTraceExport wanted = example("full");
  wanted.agent.labels = {{"cost-center", "traces"}, {"app.kubernetes.io/name", "theirs"}};
  wanted.agent.annotations = {{"example.com/owner", "team"}};
  const Plan plan = plan_of(wanted);
  std::vector<Json> all = {pod_of(plan).at("metadata")};
  for (const PlannedObject& planned : plan.objects) all.push_back(planned.object.at("metadata"));
  EXPECT_EQ(all.size(), planned_types().size() + 1);
  for (const Json& metadata : all) {
    EXPECT_EQ(metadata.at("labels").at("cost-center"), "traces");
    EXPECT_EQ(metadata.at("labels").at("app.kubernetes.io/name"), "dualtrace-agent");
    EXPECT_EQ(metadata.at("annotations").at("example.com/owner"), "team");
  }
}

TEST(Plan, KeepsMeshesOutOfAgentsUnlessToldOtherwise) {
  DualTraceExport wanted = example("full");
  wanted.agent.labels.clear();
  wanted.agent.annotations.clear();
  const Json apart = pod_of(plan_of(wanted)).at("metadata");
  EXPECT_EQ(apart.at("labels").at("sidecar.istio.io/inject"), "false");
  EXPECT_EQ(apart.at("labels").at("istio.io/dataplane-mode"), "none");
  EXPECT_EQ(apart.at("annotations").at("sidecar.istio.io/inject"), "false");
  EXPECT_EQ(apart.at("annotations").at("linkerd.io/inject"), "disabled");
  wanted.agent.labels = {{"sidecar.istio.io/inject", "true"},
                         {"istio.io/dataplane-mode", "ambient"}};
  wanted.agent.annotations = {{"linkerd.io/inject", "enabled"}};
  const Json within = pod_of(plan_of(wanted)).at("metadata");
  EXPECT_EQ(within.at("labels").at("sidecar.istio.io/inject"), "true");
  EXPECT_EQ(within.at("labels").at("istio.io/dataplane-mode"), "ambient");
  EXPECT_EQ(within.at("annotations").at("sidecar.istio.io/inject"), "true") << "as its label";
  EXPECT_EQ(within.at("annotations").at("linkerd.io/inject"), "enabled");
}

TEST(Plan, LeavesUsersToThePlatformThatChoosesThem) {
  DualTraceExport wanted = example("empty_dir");
  wanted.agent.pod_security_context.emplace();
  const Json pod = pod_spec_of(plan_of(wanted));
  EXPECT_EQ(pod.at("securityContext"), Json::parse(R"({"runAsNonRoot": true,
    "seccompProfile": {"type": "RuntimeDefault"}})"));
  for (const Json& volume : pod.at("volumes")) {
    if (volume.at("name") != "credentials") continue;
    EXPECT_EQ(volume.at("projected").at("defaultMode"), 0444) << "the group may be root";
  }
}

TEST(Plan, GivesTheFolderOnTheNodeToTheUserThatTheExportNames) {
  DualTraceExport wanted = example("full");
  const auto owner = [&] {
    return pod_spec_of(plan_of(wanted)).at("initContainers").at(0).at("args").back();
  };
  SecurityContext& pod = wanted.agent.pod_security_context.emplace();
  pod.run_as_user = 1000;
  pod.run_as_group = 2000;
  EXPECT_EQ(owner(), "1000:2000");
  wanted.agent.security_context.run_as_user = 3000;
  EXPECT_EQ(owner(), "3000:2000");
  wanted.agent.security_context.se_linux_options = {{"type", "spc_t"}};
  const Json prepare = pod_spec_of(plan_of(wanted)).at("initContainers").at(0);
  EXPECT_EQ(prepare.at("securityContext").at("runAsUser"), 0);
  EXPECT_EQ(prepare.at("securityContext").at("seLinuxOptions").at("type"), "spc_t");
}

TEST(Plan, AddsToTheNetworkPolicyOrMakesNone) {
  DualTraceExport wanted = example("arize_only");
  const Json rule = Json::parse(R"({"to": [{"ipBlock": {"cidr": "10.1.2.3/32"}}]})");
  const size_t before = egress_of(plan_of(wanted)).size();
  wanted.agent.network_policy.egress.push_back(rule);
  EXPECT_EQ(egress_of(plan_of(wanted)).size(), before + 1);
  EXPECT_EQ(egress_of(plan_of(wanted)).back(), rule);
  wanted.agent.network_policy = {.managed = false};
  for (const PlannedObject& planned : plan_of(wanted).objects) {
    EXPECT_NE(planned.type, kube::kNetworkPolicies) << "pruning removes the existing one";
  }
}

}  // namespace
}  // namespace dualtrace::ctl

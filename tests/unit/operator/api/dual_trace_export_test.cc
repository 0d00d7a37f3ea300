// SPDX-License-Identifier: Apache-2.0
#include "operator/api/dual_trace_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "operator/api/export_fields.h"
#include "tests/unit/operator/api/export_files.h"

namespace dualtrace::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

DualTraceExport parsed(const Json& object) {
  ExportOrFaults result = parse_export(object);
  EXPECT_TRUE(result.value) << to_string(result.faults);
  return result.value.value_or(DualTraceExport{});
}

std::vector<std::string> fault_paths(const Json& object) {
  const ExportOrFaults result = parse_export(object);
  EXPECT_EQ(result.value.has_value(), result.faults.empty());
  std::vector<std::string> paths;
  for (const ExportFault& fault : result.faults) paths.push_back(fault.path);
  return paths;
}

Json with(Json object, const char* pointer, Json value) {
  object[Json::json_pointer(pointer)] = std::move(value);
  return object;
}

TEST(ParseExport, KnowsWhichObjectItIs) {
  Json object = full_export();
  object["metadata"]["uid"] = "0c771b22-9e9e-48bf-b9f3-8d014db7f420";
  object["metadata"]["generation"] = 7;
  const DualTraceExport read = parsed(object);
  EXPECT_EQ(read.key, (kube::ObjectKey{"observability", "agents"}));
  EXPECT_EQ(read.uid, "0c771b22-9e9e-48bf-b9f3-8d014db7f420");
  EXPECT_EQ(read.generation, 7);
}

TEST(ParseExport, ReadsBothDestinations) {
  const DualTraceExport read = parsed(full_export());
  const ArizeSpec arize{.api_key = {"arize", "api-key"},
                        .space_id = {"arize", "space-id"},
                        .ca = CertificateAuthority{.secret = std::nullopt,
                                                   .config_map = {{"company-authority", "ca.crt"}}},
                        .proxy_auth = ProxyAuth{{"proxy", "username"}, {"proxy", "password"}}};
  EXPECT_EQ(read.arize, arize);
  const DatabricksSpec databricks{
      .auth = TokenAuth{{"databricks", "token"}},
      .ca = CertificateAuthority{.secret = {{"company-authority", "ca.crt"}},
                                 .config_map = std::nullopt},
      .proxy_auth = ProxyAuth{{"proxy", "username"}, {"proxy", "password"}}};
  EXPECT_EQ(read.databricks, databricks);
}

Json with_auth(Json auth) { return with(full_export(), "/spec/databricks/auth", std::move(auth)); }

TEST(ParseExport, ReadsEveryWayToProveOneself) {
  EXPECT_EQ(parsed(with_auth({{"oauth", {{"secretName", "sp"}}}})).databricks->auth,
            DatabricksAuthSpec(OAuthAuth{{"sp", "client-id"}, {"sp", "client-secret"}}));
  const Json own_keys = {{"secretName", "sp"}, {"clientIDKey", "id"}, {"clientSecretKey", "key"}};
  EXPECT_EQ(parsed(with_auth({{"oauth", own_keys}})).databricks->auth,
            DatabricksAuthSpec(OAuthAuth{{"sp", "id"}, {"sp", "key"}}));
  EXPECT_EQ(parsed(with_auth({{"workloadIdentity", {{"audience", "account"}}}})).databricks->auth,
            DatabricksAuthSpec(WorkloadIdentityAuth{"account", 3600}));
  const Json whole = {{"clientID", "6f1c2f6e-1111-4e1a-9d3c-0123456789ab"},
                      {"audience", "account"},
                      {"expirationSeconds", 600}};
  const DualTraceExport read = parsed(with_auth({{"workloadIdentity", whole}}));
  EXPECT_EQ(read.databricks->auth, DatabricksAuthSpec(WorkloadIdentityAuth{"account", 600}));
  EXPECT_EQ(*read.setting("databricks.auth.workloadIdentity.clientID"),
            "6f1c2f6e-1111-4e1a-9d3c-0123456789ab");
}

TEST(ParseExport, WantsExactlyOneWayToProveOneself) {
  const Json token = {{"secretName", "databricks"}};
  for (const Json& auth :
       {Json::object(), Json{{"token", token}, {"oauth", token}},
        Json{{"token", token}, {"oauth", token}, {"workloadIdentity", {{"audience", "a"}}}}}) {
    EXPECT_THAT(fault_paths(with_auth(auth)), ElementsAre("spec.databricks.auth")) << auth;
  }
}

TEST(ParseExport, LetsNoTokenBeAKeyToTheApiServer) {
  for (const char* audience :
       {"https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local",
        "kubernetes", "kubernetes.default.svc:443/", "with space", "\xc3\xa9"}) {
    EXPECT_THAT(fault_paths(with_auth({{"workloadIdentity", {{"audience", audience}}}})),
                ElementsAre("spec.databricks.auth.workloadIdentity.audience"))
        << audience;
  }
  for (const char* audience : {"https://dbc-1.cloud.databricks.com/oidc/v1/token", "kubernetes-eu",
                               "6b3f6d3c-0000-4000-8000-3f2a1c9d8e7f"}) {
    EXPECT_TRUE(fault_paths(with_auth({{"workloadIdentity", {{"audience", audience}}}})).empty())
        << audience;
  }
}

TEST(ParseExport, ReadsZerobusWithAWayToProveOneselfThere) {
  const Json oauth = {{"oauth", {{"secretName", "sp"}}}};
  Json object = with(with_auth(oauth), "/spec/databricks/ingest", "Zerobus");
  EXPECT_EQ(*parsed(object).setting("databricks.ingest"), "Zerobus");
  EXPECT_EQ(parsed(object).setting("databricks.zerobus.endpoint"), nullptr);
  object["spec"]["databricks"]["zerobus"] = {{"endpoint", "https://zerobus.internal.example"}};
  EXPECT_EQ(*parsed(object).setting("databricks.zerobus.endpoint"),
            "https://zerobus.internal.example");
  object["spec"]["databricks"]["ingest"] = "Workspace";
  EXPECT_THAT(fault_paths(object), ElementsAre("spec.databricks"));
  EXPECT_THAT(fault_paths(with(full_export(), "/spec/databricks/ingest", "Zerobus")),
              ElementsAre("spec.databricks"));
}

TEST(ParseExport, ReadsTheRest) {
  const DualTraceExport read = parsed(full_export());
  EXPECT_EQ(read.delivery,
            (DeliverySpec{{"1f0c8a52-6d1e-4c55-9b7e-3a4d5e6f7a8b"}, Storage::kHostPath}));
  EXPECT_THAT(read.resource_attributes, ElementsAre(testing::Pair("k8s.cluster.name", "blue")));
  EXPECT_EQ(read.agent.image, "registry.example/dualtrace-agent:0.1.0");
  EXPECT_EQ(read.agent.image_pull_policy, "IfNotPresent");
  const Json written = full_export()["spec"]["agent"];
  EXPECT_EQ(read.agent.image_pull_secrets, written["imagePullSecrets"]);
  EXPECT_EQ(read.agent.node_selector, written["nodeSelector"]);
  EXPECT_EQ(read.agent.tolerations, written["tolerations"]);
  EXPECT_EQ(read.agent.priority_class_name, "system-node-critical");
}

TEST(ParseExport, PassesOnWhatIsWritten) {
  const Json written = full_export();
  const DualTraceExport read = parsed(written);
  for (const ExportField& field : export_fields()) {
    if (field.config_key.empty() || field.type == FieldType::kMap) continue;
    std::string pointer = "/" + std::string(field.path);
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    const Json wanted = written.value(Json::json_pointer(pointer), Json());
    const std::string* setting = read.setting(field.config_key);
    EXPECT_EQ(setting == nullptr ? Json() : Json(*setting), wanted) << field.path;
  }
}

TEST(ParseExport, PassesQuantitiesOnAsTexts) {
  EXPECT_EQ(parsed(full_export()).agent.resources,
            (Json{{"requests", {{"cpu", "50m"}, {"memory", "64Mi"}, {"ephemeral-storage", "16Mi"}}},
                  {"limits", {{"cpu", "2"}, {"memory", "512Mi"}, {"ephemeral-storage", "64Mi"}}}}));
}

TEST(ParseExport, FillsInWhatIsNotWritten) {
  const DualTraceExport read = parsed(minimal_export());
  EXPECT_EQ(*read.setting("arize.region"), "US");
  EXPECT_EQ(*read.setting("arize.protocol"), "GRPC");
  EXPECT_EQ(read.setting("arize.proxyURL"), nullptr);
  EXPECT_EQ(read.setting("databricks.ingest"), nullptr);
  EXPECT_EQ(read.arize->api_key, (KeyReference{"arize", "api-key"}));
  EXPECT_EQ(read.arize->space_id, (KeyReference{"arize", "space-id"}));
  EXPECT_EQ(read.arize->ca, std::nullopt);
  EXPECT_EQ(read.databricks, std::nullopt);
  EXPECT_EQ(read.delivery, DeliverySpec());
  EXPECT_EQ(*read.setting("delivery.maxAge"), "72h");
  EXPECT_EQ(read.agent.image, std::nullopt);
  EXPECT_EQ(read.agent.image_pull_policy, "IfNotPresent");
  EXPECT_EQ(read.agent.resources, (Json{{"requests", {{"cpu", "50m"}, {"memory", "64Mi"}}},
                                        {"limits", {{"memory", "512Mi"}}}}));
  EXPECT_EQ(read.agent.node_selector, Json::object());
  EXPECT_EQ(read.agent.tolerations, std::nullopt);
  EXPECT_EQ(read.agent.traffic, Traffic::kPreferSameNode);
  EXPECT_EQ(read.agent.image_pull_secrets, Json::array());
  EXPECT_EQ(*read.setting("logLevel"), "Info");
}

TEST(ParseExport, TakesNothingForWhatIsNull) {
  EXPECT_EQ(parsed(with(minimal_export(), "/spec/delivery", nullptr)), parsed(minimal_export()));
}

TEST(ParseExport, IgnoresWhatANewerSchemaMayHave) {
  EXPECT_EQ(parsed(with(minimal_export(), "/spec/injection", {{"mode", "Always"}})),
            parsed(minimal_export()));
}

TEST(ParseExport, ReadsWhichNamespacesMayAsk) {
  const LabelSelector wanted = {
      .match_labels = {{"traces", "blue"}},
      .match_expressions = {
          {"kubernetes.io/metadata.name", LabelOperator::kNotIn, {"playground"}}}};
  EXPECT_EQ(parsed(full_export()).injection.namespace_selector, wanted);
  EXPECT_EQ(parsed(minimal_export()).injection.namespace_selector, std::nullopt);
  const Json everybody = {{"namespaceSelector", Json::object()}};
  EXPECT_EQ(
      parsed(with(minimal_export(), "/spec/injection", everybody)).injection.namespace_selector,
      LabelSelector{});
}

TEST(ParseExport, KeepsTheJournalInThePodWhenToldTo) {
  EXPECT_EQ(
      parsed(with(minimal_export(), "/spec/delivery", {{"storage", "EmptyDir"}})).delivery.storage,
      Storage::kEmptyDir);
}

TEST(ParseExport, ReportsAllFaultsAtOnce) {
  Json object = full_export();
  object["spec"]["arize"]["region"] = "US";
  object["spec"]["arize"]["project"] = "";
  object["spec"]["databricks"]["workspaceURL"] = "http://example.com";
  object["spec"]["databricks"].erase("table");
  object["spec"]["delivery"]["maxAge"] = "3d";
  object["spec"]["agent"]["tolerations"][0]["effect"] = "Evict";
  EXPECT_THAT(fault_paths(object),
              UnorderedElementsAre("spec.arize", "spec.arize.project",
                                   "spec.databricks.workspaceURL", "spec.databricks.table",
                                   "spec.delivery.maxAge", "spec.agent.tolerations[0].effect",
                                   "spec.agent.tolerations[0].tolerationSeconds"));
}

TEST(ParseExport, SaysOnceWhatIsMissing) {
  Json object = full_export();
  object["spec"]["databricks"].erase("auth");
  EXPECT_THAT(fault_paths(object), ElementsAre("spec.databricks.auth"));
}

TEST(ParseExport, StandsAnythingThatIsNoExport) {
  for (const char* text : {"null", "[]", "3", "\"spec\"", "{}", R"({"spec": null})"}) {
    EXPECT_FALSE(parse_export(parse_json(text).value()).value) << text;
  }
  EXPECT_THAT(fault_paths(Json{{"spec", Json::array({1})}}), ElementsAre("spec"));
}

TEST(ParseExport, ComparesRequestsWithLimitsOfAnotherUnit) {
  const Json resources = {{"requests", {{"memory", "536870913"}}}};
  EXPECT_THAT(fault_paths(with(minimal_export(), "/spec/agent/resources", resources)),
              ElementsAre("spec.agent.resources.requests.memory"));
  const Json equal = {{"requests", {{"memory", "536870912"}}}};
  EXPECT_THAT(fault_paths(with(minimal_export(), "/spec/agent/resources", equal)), ElementsAre());
}

TEST(ParseExport, CountsCharactersAsTheApiServerDoes) {
  std::string long_name;
  for (int i = 0; i < 257; ++i) long_name += "é";
  const ExportOrFaults result =
      parse_export(with(minimal_export(), "/spec/arize/project", long_name));
  EXPECT_THAT(result.faults, ElementsAre(Field(&ExportFault::message, "at most 256 characters")));
}

TEST(ParseExport, NeverRepeatsWhatMayBeASecret) {
  const std::string secret = "dapi0123456789abcdef\n";
  Json object = full_export();
  for (const char* pointer :
       {"/spec/arize/endpoint", "/spec/arize/proxyURL", "/spec/arize/credentials/secretName",
        "/spec/arize/credentials/apiKeyKey", "/spec/databricks/workspaceURL",
        "/spec/databricks/table", "/spec/databricks/auth/token/secretName",
        "/spec/databricks/ingest", "/spec/delivery/maxBacklog", "/spec/agent/image",
        "/spec/resourceAttributes/k8s.cluster.name"}) {
    object[Json::json_pointer(pointer)] = secret;
  }
  const ExportOrFaults result = parse_export(object);
  EXPECT_EQ(result.faults.size(), 11U);
  EXPECT_THAT(to_string(result.faults), Not(HasSubstr("dapi")));
}

TEST(ParseExport, NamesForeignEntriesSoThatTheyCanBeRead) {
  const auto path_of = [](const std::string& name) {
    const auto paths = fault_paths(with(minimal_export(), "/spec/resourceAttributes", {{name, 1}}));
    return paths.empty() ? "" : paths[0];
  };
  EXPECT_EQ(path_of("a\nb"), "spec.resourceAttributes[a?b]");
  const std::string umlauts = "\u00fc\u00fc";
  EXPECT_EQ(path_of(std::string(127, 'n') + umlauts),
            "spec.resourceAttributes[" + std::string(127, 'n') + "]");
  EXPECT_EQ(path_of(std::string(124, 'n') + umlauts),
            "spec.resourceAttributes[" + std::string(124, 'n') + umlauts + "]");
}

TEST(ParseExport, SaysFaultsInOneLineThatIsNeverTooLong) {
  EXPECT_EQ(to_string(std::vector<ExportFault>{{"spec", "one"}, {"spec.arize", "two"}}),
            "spec: one; spec.arize: two");
  const std::vector<ExportFault> many(23, ExportFault{"spec", "wrong"});
  EXPECT_THAT(to_string(many), testing::EndsWith("spec: wrong; and 3 more"));
}

}  // namespace
}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/export_reviewer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

AdmissionRequest request_for(const Json& spec, const char* operation = "CREATE") {
  AdmissionRequest request;
  request.operation = operation;
  request.key = {"observability", "agents"};
  request.object = {{"metadata", {{"name", "agents"}}}, {"spec", spec}};
  return request;
}

const Tick kUntil{std::chrono::seconds(7)};
const Json kGood = {
    {"arize",
     {{"region", "US"}, {"project", "agents"}, {"credentials", {{"secretName", "arize"}}}}},
    {"databricks",
     {{"workspaceURL", "https://dbc.cloud.databricks.com"},
      {"table", "main.traces.spans"},
      {"auth", {{"token", {{"secretName", "databricks"}}}}}}}};

std::vector<std::string> warnings(const AdmissionRequest& request,
                                  ExportReviewer::Questions questions = {},
                                  const FakeClusterView& cluster = {}) {
  const AdmissionAnswer answer =
      ExportReviewer(cluster, std::move(questions)).review(request, kUntil);
  EXPECT_THAT(answer.patch, IsEmpty()) << "a validating webhook must not return a patch";
  return answer.warnings;
}

TEST(ExportReviewer, HasNothingToSayOfAGoodExport) {
  EXPECT_THAT(warnings(request_for(kGood)), IsEmpty());
}

TEST(ExportReviewer, WarnsWhereArizeGetsSpansWithoutAProject) {
  Json spec = kGood;
  spec["arize"].erase("project");
  EXPECT_THAT(warnings(request_for(spec)), ElementsAre(StartsWith("spec.arize.project: ")));
  EXPECT_THAT(warnings(request_for(spec, "UPDATE")), testing::SizeIs(1));
  for (const char* key : {"openinference.project.name", "arize.project.name", "model_id"}) {
    Json named = spec;
    named["resourceAttributes"] = {{key, "agents"}};
    EXPECT_THAT(warnings(request_for(named)), IsEmpty()) << key;
  }
  spec.erase("arize");
  EXPECT_THAT(warnings(request_for(spec)), IsEmpty());
}

TEST(ExportReviewer, WarnsOfEveryFaultButTellsFive) {
  Json spec = kGood;
  spec["databricks"]["table"] = "two.parts";
  spec["arize"]["region"] = "APAC";
  EXPECT_THAT(warnings(request_for(spec, "UPDATE")),
              ElementsAre("spec.arize.region: expected US, EU or CA",
                          HasSubstr("spec.databricks.table: ")));
  for (int i = 0; i < 9; ++i) spec["resourceAttributes"]["n" + std::to_string(i)] = 1;
  EXPECT_THAT(warnings(request_for(spec)), testing::SizeIs(6));
  EXPECT_EQ(warnings(request_for(spec)).back(), "and 6 more faults");
}

TEST(ExportReviewer, WarnsOfFaultsThatOnlyThePlanShows) {
  const ExportReviewer::Questions questions = {
      .has_secret = {},
      .plan_faults = [](const EffectiveExport& wanted) -> std::vector<ExportFault> {
        EXPECT_EQ(wanted.value->key.to_string(), "observability/agents");
        return {{"spec.delivery", "too little"}};
      }};
  EXPECT_THAT(warnings(request_for(kGood), questions), ElementsAre("spec.delivery: too little"));
}

// Of the requested Secrets, `missing` do not exist, and the state of `unknown` is not known.
struct Secrets {
  std::set<std::string> missing;
  std::set<std::string> unknown{};
  std::vector<std::string> asked{};

  ExportReviewer::Questions questions() {
    return {.has_secret = [this](const kube::ObjectKey& secret,
                                 Tick wait_until) -> std::optional<bool> {
              EXPECT_EQ(wait_until, kUntil);
              asked.push_back(secret.to_string());
              if (unknown.contains(secret.name)) return std::nullopt;
              return !missing.contains(secret.name);
            },
            .plan_faults = {}};
  }
};

TEST(ExportReviewer, WarnsOfASecretThatIsNotThere) {
  Secrets secrets{{"arize"}, {"databricks"}};
  for (const char* operation : {"CREATE", "UPDATE"}) {
    EXPECT_THAT(warnings(request_for(kGood, operation), secrets.questions()),
                ElementsAre("spec.arize.credentials.secretName: there is no Secret arize in "
                            "namespace observability; create it, spans wait"));
  }
  EXPECT_THAT(secrets.asked, ElementsAre("observability/arize", "observability/databricks",
                                         "observability/arize", "observability/databricks"));
}

TEST(ExportReviewer, LooksForTheSecretOfAServicePrincipalAndForNoneOfAWorkload) {
  Json spec = kGood;
  spec["databricks"]["auth"] = {{"oauth", {{"secretName", "sp"}}}};
  Secrets secrets{{"sp"}};
  EXPECT_THAT(
      warnings(request_for(spec), secrets.questions()),
      ElementsAre(StartsWith("spec.databricks.auth.oauth.secretName: there is no Secret sp")));
  spec["databricks"]["auth"] = {{"workloadIdentity", {{"audience", "account"}}}};
  Secrets none{};
  EXPECT_THAT(warnings(request_for(spec), none.questions()), IsEmpty());
  EXPECT_THAT(none.asked, ElementsAre("observability/arize"));
}

TEST(ExportReviewer, LooksForEverySecretThatTheSpecNamesAndOnceForEach) {
  Json spec = kGood;
  spec["arize"]["ca"] = {{"secretName", "authority"}, {"key", "ca.crt"}};
  spec["databricks"]["ca"] = {{"secretName", "authority"}, {"key", "other.crt"}};
  spec["agent"]["imagePullSecrets"] = Json::array({{{"name", "registry"}}});
  Secrets secrets{{"authority", "databricks", "registry"}};
  EXPECT_THAT(
      warnings(request_for(spec), secrets.questions()),
      ElementsAre(StartsWith("spec.arize.ca.secretName: there is no Secret authority in "),
                  StartsWith("spec.databricks.auth.token.secretName: there is no Secret databr"),
                  "spec.agent.imagePullSecrets: there is no Secret registry in namespace "
                  "observability; create it, or leave it out"));
  EXPECT_THAT(secrets.asked, testing::SizeIs(4));
}

TEST(ExportReviewer, LooksForNoSecretOfAnExportWithFaults) {
  Json spec = kGood;
  spec["databricks"]["table"] = "two.parts";
  Secrets secrets{{"arize"}};
  EXPECT_THAT(warnings(request_for(spec), secrets.questions()), testing::SizeIs(1));
  EXPECT_THAT(secrets.asked, IsEmpty());
}

TEST(ExportReviewer, WarnsThatPodsMustNameOneOfSeveral) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  cluster.add("shop", "others");
  EXPECT_THAT(warnings(request_for(kGood), {}, cluster), IsEmpty());
  cluster.add("observability", "second");
  EXPECT_THAT(warnings(request_for(kGood), {}, cluster),
              ElementsAre(HasSubstr("has the export second")));
  EXPECT_THAT(warnings(request_for(kGood, "UPDATE"), {}, cluster), IsEmpty());
}

// The reviewer checks what "true" resolves to in these namespaces.
ExportReviewer::Questions asking(std::vector<std::string> names,
                                 std::set<std::string> shared = {"observability"}) {
  std::vector<PodNamespace> namespaces;
  for (std::string& name : names) {
    Labels labels{{"team", name}};
    namespaces.push_back({std::move(name), std::move(labels)});
  }
  return {.has_secret = {},
          .plan_faults = {},
          .namespaces = [namespaces] { return namespaces; },
          .consent = {.shared_namespaces = std::move(shared)}};
}

Json admitting(const Json& injection) {
  Json spec = kGood;
  spec["injection"] = injection;
  return spec;
}
const Json kAll = {{"namespaceSelector", Json::object()}};

TEST(ExportReviewer, WarnsThatTrueWouldMeanSeveralForOthers) {
  FakeClusterView cluster;
  cluster.rules.shared_namespaces = {"observability", "platform"};
  cluster.add("platform", "agents");
  cluster.add("own", "agents");
  const auto questions = asking({"a", "b", "c", "d", "own", "observability", "kube-system"},
                                cluster.rules.shared_namespaces);
  EXPECT_THAT(
      warnings(request_for(admitting(kAll)), questions, cluster),
      ElementsAre("\"true\" in namespace observability means platform/agents now; with this "
                  "change, new pods send here; pods that should not must name that export",
                  "\"true\" in namespaces a, b, c and 1 more means platform/agents now; with this "
                  "change, it is Ambiguous and new pods get nothing; narrow namespaceSelector, or "
                  "have pods name one export"));
  const Json for_b = {{"namespaceSelector", {{"matchLabels", {{"team", "b"}}}}}};
  EXPECT_THAT(
      warnings(request_for(admitting(for_b)), questions, cluster),
      ElementsAre(HasSubstr("send here"), StartsWith("\"true\" in namespace b means platform/")));
}

TEST(ExportReviewer, WarnsThatTrueWouldMeanNothingForOthers) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  EXPECT_THAT(
      warnings(request_for(kGood, "UPDATE"), asking({"shop", "observability"}), cluster),
      ElementsAre("\"true\" in namespace shop means observability/agents now; with this change, it "
                  "means none and new pods get nothing; admit them in namespaceSelector"));
  Json faulty = admitting(kAll);
  faulty["arize"]["region"] = "APAC";
  EXPECT_THAT(warnings(request_for(faulty, "UPDATE"), asking({"shop"}), cluster),
              ElementsAre(HasSubstr("region"), HasSubstr("in namespace shop means")));
}

TEST(ExportReviewer, WarnsThatPodsOfThisNamespaceWouldComeHere) {
  FakeClusterView cluster;
  cluster.rules.shared_namespaces = {"platform"};
  cluster.add("platform", "agents");
  AdmissionRequest request = request_for(kGood);
  request.key = {"evil", "x"};
  EXPECT_THAT(warnings(request, asking({"evil", "shop"}, {"platform"}), cluster),
              ElementsAre(StartsWith("\"true\" in namespace evil means platform/agents now; with "
                                     "this change, new pods send here;")))
      << "of its own namespace, and of no other";
}

TEST(ExportReviewer, HasNothingToSayWhereTrueMeansWhatItMeant) {
  FakeClusterView cluster;
  EXPECT_THAT(warnings(request_for(admitting(kAll)), asking({"shop", "bar"}), cluster), IsEmpty())
      << "it had no effect before";
  cluster.add("observability", "agents");
  EXPECT_THAT(warnings(request_for(admitting(kAll), "UPDATE"), asking({"shop"}), cluster),
              IsEmpty());
}

TEST(ExportReviewer, TellsTheAuthorOfAnExportOfBeforeWhatToWrite) {
  AdmissionRequest request = request_for(kGood, "UPDATE");
  request.object["status"] = {{"observedGeneration", 1}};
  EXPECT_THAT(warnings(request),
              ElementsAre(HasSubstr("not set; admits all namespaces only until"),
                          HasSubstr("add observability to the installation's sharedNamespaces")));
  request.object["spec"] = admitting(kAll);
  request.object["status"]["consent"] = "Explicit";
  EXPECT_THAT(warnings(request), IsEmpty());
}

TEST(ExportReviewer, SaysNothingOfOneThatGoes) {
  AdmissionRequest request = request_for(Json::object(), "UPDATE");
  request.object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_THAT(warnings(request), IsEmpty());
}

AdmissionRequest deletion_of(const Json& spec) {
  AdmissionRequest request = request_for(spec, "DELETE");
  request.old_object = std::exchange(request.object, nullptr);
  return request;
}

TEST(ExportReviewer, WarnsWhatADeletionMakesOfTrue) {
  FakeClusterView cluster;
  cluster.add("observability", "agents");
  EXPECT_THAT(
      warnings(deletion_of(admitting(kAll)), asking({"shop", "observability"}), cluster),
      ElementsAre(
          "\"true\" in namespaces observability, shop means observability/agents now; with this "
          "change, it means none and new pods get nothing; have another export admit them first"));
  cluster.rules.shared_namespaces = {"observability", "platform"};
  cluster.add("platform", "agents");
  EXPECT_THAT(warnings(deletion_of(admitting(kAll)),
                       asking({"shop", "observability"}, cluster.rules.shared_namespaces), cluster),
              ElementsAre(HasSubstr("in namespace observability means observability/agents "
                                    "now; with this change, new pods send here")))
      << "it was ambiguous for the others";
}

TEST(ExportReviewer, CountsThePodsThatSendToWhatIsDeleted) {
  AdmissionRequest request = deletion_of(kGood);
  EXPECT_THAT(warnings(request), IsEmpty());
  request.old_object["status"]["injection"]["injected"] = 12;
  EXPECT_THAT(warnings(request), ElementsAre(StartsWith("12 pods send spans to this export")));
  request.old_object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_THAT(warnings(request), IsEmpty()) << "the warning was given when its deletion began";
}

}  // namespace
}  // namespace dualtrace::ctl

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
                                  const FakeDirectory& cluster = {}) {
  const AdmissionAnswer answer =
      ExportReviewer(cluster, std::move(questions)).review(request, kUntil);
  EXPECT_THAT(answer.patch, IsEmpty()) << "a validating webhook may send none";
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
  EXPECT_EQ(warnings(request_for(spec)).back(), "and 6 faults more");
}

TEST(ExportReviewer, WarnsOfFaultsThatOnlyThePlanShows) {
  const ExportReviewer::Questions questions = {
      .has_secret = {},
      .plan_faults = [](const DualTraceExport& wanted) -> std::vector<ExportFault> {
        EXPECT_EQ(wanted.key.to_string(), "observability/agents");
        return {{"spec.delivery", "too little"}};
      }};
  EXPECT_THAT(warnings(request_for(kGood), questions), ElementsAre("spec.delivery: too little"));
}

// Of those that are asked for, `missing` are not there, and of `unknown` nobody knows.
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
  FakeDirectory cluster;
  cluster.add("observability", "agents");
  cluster.add("shop", "others");
  EXPECT_THAT(warnings(request_for(kGood), {}, cluster), IsEmpty());
  cluster.add("observability", "second");
  EXPECT_THAT(warnings(request_for(kGood), {}, cluster), ElementsAre(HasSubstr("with second")));
  EXPECT_THAT(warnings(request_for(kGood, "UPDATE"), {}, cluster), IsEmpty());
}

TEST(ExportReviewer, SaysNothingOfOneThatGoes) {
  AdmissionRequest request = request_for(Json::object(), "UPDATE");
  request.object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_THAT(warnings(request), IsEmpty());
  EXPECT_THAT(warnings(request_for(Json::object(), "DELETE")), IsEmpty());
}

}  // namespace
}  // namespace dualtrace::ctl

#include "operator/webhook/export_reviewer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

AdmissionRequest request_for(const Json& spec, const char* operation = "CREATE") {
  AdmissionRequest request;
  request.operation = operation;
  request.key = {"observability", "agents"};
  request.object = {{"metadata", {{"name", "agents"}}}, {"spec", spec}};
  return request;
}

const Json kGood = {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "arize"}}}}},
                    {"databricks",
                     {{"workspaceURL", "https://dbc.cloud.databricks.com"},
                      {"table", "main.traces.spans"},
                      {"auth", {{"token", {{"secretName", "databricks"}}}}}}}};

std::vector<std::string> warnings(const AdmissionRequest& request,
                                  ExportReviewer::Questions questions = {},
                                  const FakeDirectory& cluster = {}) {
  const AdmissionAnswer answer = ExportReviewer(cluster, std::move(questions)).review(request);
  EXPECT_THAT(answer.patch, IsEmpty()) << "a validating webhook may send none";
  return answer.warnings;
}

TEST(ExportReviewer, HasNothingToSayOfAGoodExport) {
  EXPECT_THAT(warnings(request_for(kGood)), IsEmpty());
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

TEST(ExportReviewer, WarnsOfASecretThatIsNotThere) {
  std::vector<std::string> asked;
  const ExportReviewer::Questions questions = {
      .has_secret = [&](const kube::ObjectKey& secret) -> std::optional<bool> {
        asked.push_back(secret.to_string());
        if (secret.name == "arize") return false;
        return std::nullopt;
      },
      .plan_faults = {}};
  EXPECT_THAT(
      warnings(request_for(kGood), questions),
      ElementsAre("there is no Secret arize in namespace observability yet; spans wait until "
                  "there is"));
  EXPECT_THAT(asked, ElementsAre("observability/arize", "observability/databricks"));
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

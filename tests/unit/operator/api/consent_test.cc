// SPDX-License-Identifier: Apache-2.0
#include "operator/api/consent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

const ConsentRules kNoneShared{};
const ConsentRules kShared{.shared_namespaces = {"observability"}};
const ConsentRules kAsked{.as_before = false};
const Json kSelector = {{"namespaceSelector", {{"matchLabels", {{"team", "sales"}}}}}};

Json export_with(const Json& injection, const Json& status) {
  return {{"spec", {{"injection", injection}}}, {"status", status}};
}
Json written_by_the_operator_of_before() { return {{"observedGeneration", 1}}; }
Json saying(std::string_view word) { return {{"observedGeneration", 1}, {"consent", word}}; }

TEST(Consent, IsAskedOfANewExport) {
  EXPECT_EQ(consent_of({{"spec", Json::object()}}, kNoneShared), Consent::kExplicit);
  EXPECT_EQ(consent_of(export_with(kSelector, Json::object()), kNoneShared), Consent::kExplicit);
}

TEST(Consent, IsAssumedOfOneThatWasThereBefore) {
  const Json status = written_by_the_operator_of_before();
  EXPECT_EQ(consent_of(export_with(Json::object(), status), kNoneShared), Consent::kAllAsBefore);
  EXPECT_EQ(consent_of(export_with(kSelector, status), kNoneShared), Consent::kSelectedAsBefore);
  const Json none = {{"namespaceSelector", nullptr}};
  EXPECT_EQ(consent_of(export_with(none, status), kShared), Consent::kAllAsBefore);
}

TEST(Consent, StaysWhatTheStatusSays) {
  for (const Consent consent : {Consent::kExplicit, Consent::kAllAsBefore}) {
    const Json object = export_with(Json::object(), saying(to_string(consent)));
    EXPECT_EQ(consent_of(object, kNoneShared), consent);
  }
  const Json object = export_with(kSelector, saying("SelectedAsBefore"));
  EXPECT_EQ(consent_of(object, kNoneShared), Consent::kSelectedAsBefore);
  EXPECT_EQ(consent_of(export_with(Json::object(), saying("Later")), kNoneShared),
            Consent::kExplicit)
      << "a value of a later version grants nothing";
}

TEST(Consent, IsAskedOnceTheAuthorSaysWhomTheExportAdmits) {
  EXPECT_EQ(consent_of(export_with(kSelector, saying("AllAsBefore")), kNoneShared),
            Consent::kTrueAsBefore);
  EXPECT_EQ(consent_of(export_with(kSelector, saying("AllAsBefore")), kShared), Consent::kExplicit);
  EXPECT_EQ(consent_of(export_with(Json::object(), saying("TrueAsBefore")), kNoneShared),
            Consent::kTrueAsBefore)
      << "reverting that reopens nothing";
}

TEST(Consent, IsAskedOfAllOnceTheInstallationSaysSo) {
  const Json status = written_by_the_operator_of_before();
  EXPECT_EQ(consent_of(export_with(Json::object(), status), kAsked), Consent::kExplicit);
  EXPECT_EQ(consent_of(export_with(kSelector, saying("SelectedAsBefore")), kAsked),
            Consent::kExplicit);
}

TEST(Consent, DecidesWhoMayAskAndWhoMaySend) {
  const LabelSelector all{};
  const LabelSelector sales{.match_labels = {{"team", "sales"}}, .match_expressions = {}};
  EXPECT_EQ(who_may_ask({}, Consent::kExplicit), std::nullopt);
  EXPECT_EQ(who_may_send({}, Consent::kExplicit), std::nullopt);
  EXPECT_EQ(who_may_ask({}, Consent::kAllAsBefore), all);
  EXPECT_EQ(who_may_send({}, Consent::kAllAsBefore), all);
  EXPECT_EQ(who_may_ask({}, Consent::kTrueAsBefore), std::nullopt);
  EXPECT_EQ(who_may_ask(sales, Consent::kSelectedAsBefore), sales);
  EXPECT_EQ(who_may_send(sales, Consent::kSelectedAsBefore), all);
  for (const Consent consent : {Consent::kExplicit, Consent::kTrueAsBefore}) {
    EXPECT_EQ(who_may_send(sales, consent), sales);
  }
}

TEST(Consent, LetsTrueLeadElsewhereWhereTheInstallationSaysSo) {
  EXPECT_TRUE(is_meant_elsewhere("observability", Consent::kExplicit, kShared));
  EXPECT_FALSE(is_meant_elsewhere("evil", Consent::kExplicit, kShared));
  EXPECT_FALSE(is_meant_elsewhere("evil", Consent::kAllAsBefore, kShared))
      << "the installation has decided";
  EXPECT_FALSE(is_meant_elsewhere("evil", Consent::kExplicit, kNoneShared));
  for (const Consent consent :
       {Consent::kAllAsBefore, Consent::kSelectedAsBefore, Consent::kTrueAsBefore}) {
    EXPECT_TRUE(is_meant_elsewhere("evil", consent, kNoneShared));
  }
}

TEST(Consent, SaysWhatToWriteInWordsThatFitAWarning) {
  const kube::ObjectKey key{"observability", "agents"};
  EXPECT_THAT(consent_notices(key, Consent::kExplicit, kNoneShared), IsEmpty());
  EXPECT_THAT(consent_notices(key, Consent::kAllAsBefore, kNoneShared),
              ElementsAre(HasSubstr("set {} to admit all"),
                          HasSubstr("write \"observability/agents\" on these pods")));
  EXPECT_THAT(consent_notices(key, Consent::kSelectedAsBefore, kNoneShared),
              ElementsAre(HasSubstr("still reach the agents"), HasSubstr("sharedNamespaces")));
  EXPECT_THAT(consent_notices(key, Consent::kTrueAsBefore, kNoneShared),
              ElementsAre(HasSubstr("sharedNamespaces")));
  EXPECT_THAT(consent_notices(key, Consent::kAllAsBefore, kShared), SizeIs(1));
  constexpr size_t kWarningMax = 256;
  for (const Consent consent : {Consent::kAllAsBefore, Consent::kSelectedAsBefore}) {
    for (const std::string& notice : consent_notices(key, consent, kNoneShared)) {
      EXPECT_THAT(notice, SizeIs(Le(kWarningMax))) << notice;
    }
  }
}

}  // namespace
}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
// Selectors with the semantics of Kubernetes: apimachinery's labels.Requirement.

#include "operator/api/label_selector.h"

#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

using enum LabelOperator;

const Labels kLabels = {{"team", "support"}, {"empty", ""}};

LabelSelector expression(std::string key, LabelOperator op, std::vector<std::string> values = {}) {
  return {.match_labels = {}, .match_expressions = {{std::move(key), op, std::move(values)}}};
}

TEST(LabelSelector, FitsEverythingWhenItIsEmpty) {
  EXPECT_TRUE(matches({}, {}));
  EXPECT_TRUE(matches({}, kLabels));
}

TEST(LabelSelector, WantsEveryLabelWithItsValue) {
  EXPECT_TRUE(matches({{{"team", "support"}, {"empty", ""}}, {}}, kLabels));
  EXPECT_FALSE(matches({{{"team", "sales"}}, {}}, kLabels));
  EXPECT_FALSE(matches({{{"team", "support"}, {"stage", "test"}}, {}}, kLabels));
  EXPECT_FALSE(matches({{{"stage", ""}}, {}}, kLabels))
      << "a missing label has no value, not even \"\"";
}

TEST(LabelSelector, InWantsOneOfTheValues) {
  EXPECT_TRUE(matches(expression("team", kIn, {"sales", "support"}), kLabels));
  EXPECT_FALSE(matches(expression("team", kIn, {"sales"}), kLabels));
  EXPECT_FALSE(matches(expression("stage", kIn, {"test", ""}), kLabels));
  EXPECT_TRUE(matches(expression("empty", kIn, {""}), kLabels));
}

TEST(LabelSelector, NotInFitsAMissingLabel) {
  EXPECT_TRUE(matches(expression("team", kNotIn, {"sales"}), kLabels));
  EXPECT_FALSE(matches(expression("team", kNotIn, {"sales", "support"}), kLabels));
  EXPECT_TRUE(matches(expression("stage", kNotIn, {"test"}), kLabels));
}

TEST(LabelSelector, ExistsWantsTheLabelWhateverItsValue) {
  EXPECT_TRUE(matches(expression("empty", kExists), kLabels));
  EXPECT_FALSE(matches(expression("stage", kExists), kLabels));
  EXPECT_FALSE(matches(expression("empty", kDoesNotExist), kLabels));
  EXPECT_TRUE(matches(expression("stage", kDoesNotExist), kLabels));
}

TEST(LabelSelector, WantsAllOfItAtOnce) {
  LabelSelector selector = expression("empty", kExists);
  selector.match_labels = {{"team", "support"}};
  EXPECT_TRUE(matches(selector, kLabels));
  selector.match_expressions.push_back({"team", kNotIn, {"support"}});
  EXPECT_FALSE(matches(selector, kLabels));
}

TEST(LabelSelector, KnowsWhetherOneLabelIsEnoughToAnswer) {
  EXPECT_FALSE(asks_for_more_than({}, "name"));
  EXPECT_FALSE(asks_for_more_than(expression("name", kNotIn, {"a"}), "name"));
  EXPECT_TRUE(asks_for_more_than(expression("team", kExists), "name"));
  EXPECT_FALSE(asks_for_more_than({{{"name", "a"}}, {}}, "name"));
  EXPECT_TRUE(asks_for_more_than({{{"name", "a"}, {"team", "b"}}, {}}, "name"));
}

TEST(LabelSelector, IsWrittenAsKubernetesReadsIt) {
  EXPECT_EQ(to_json({}), Json::object());
  LabelSelector selector = expression("stage", kNotIn, {"test", "dev"});
  selector.match_labels = {{"team", "support"}};
  selector.match_expressions.push_back({"traces", kExists, {}});
  EXPECT_EQ(to_json(selector), Json::parse(R"({
    "matchLabels": {"team": "support"},
    "matchExpressions": [{"key": "stage", "operator": "NotIn", "values": ["test", "dev"]},
                         {"key": "traces", "operator": "Exists"}]})"));
}

}  // namespace
}  // namespace dualtrace::ctl

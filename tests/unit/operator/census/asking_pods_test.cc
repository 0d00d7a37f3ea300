// SPDX-License-Identifier: Apache-2.0
#include "operator/census/asking_pods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/api/injection_words.h"

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;
using testing::ElementsAre;

class AskingPodsTest : public testing::Test {
 protected:
  static Json pod(const std::string& name, const std::string& version, Json annotations = {},
                  Json more = {}) {
    Json metadata = {
        {"namespace", "shop"}, {"name", name}, {"uid", "u-" + name}, {"resourceVersion", version}};
    if (annotations.is_object()) metadata["annotations"] = std::move(annotations);
    if (more.is_object()) metadata.update(more);
    Json made = {{"metadata", std::move(metadata)}};
    trim_asking_pod(made);
    return made;
  }
  static Json asks(std::string_view value) { return {{std::string(kInjectWord), value}}; }
  static Json injected() { return {{std::string(kInjectedAnnotation), "n/agents"}}; }
  [[nodiscard]] std::vector<std::string> held() const {
    std::vector<std::string> found;
    for (const AskingPodPointer& one : pods.all()) {
      found.push_back(one->key.name + "@" + one->version);
    }
    return found;
  }

  int changes = 0;
  AskingPods pods{[this] { ++changes; }};
};

TEST_F(AskingPodsTest, ShowsAListWhenItIsWholeAndForgetsWhoIsNotInIt) {
  pods.begin_list();
  pods.list(pod("a", "1"));
  pods.list(pod("b", "2"));
  EXPECT_THAT(held(), ElementsAre());
  pods.end_list();
  EXPECT_THAT(held(), ElementsAre("a@1", "b@2"));
  EXPECT_EQ(changes, 1);
  const AskingPodPointer before = pods.all()[1];
  pods.begin_list();
  pods.list(pod("x", "9"));
  pods.begin_list();  // relist
  pods.list(pod("b", "2"));
  pods.list(pod("c", "3"));
  pods.list(pod("c", "4"));
  pods.list(pod("d", "5"));
  pods.unlist({"shop", "d"});
  pods.end_list();
  EXPECT_THAT(held(), ElementsAre("b@2", "c@4"));
  EXPECT_EQ(pods.all()[0], before) << "equal strings share memory";
  EXPECT_EQ(pods.size(), 2U);
}

TEST_F(AskingPodsTest, AKubeletsWordOnAPodIsNoNews) {
  pods.put(pod("a", "1"));
  pods.put(pod("b", "1", asks("true")));
  EXPECT_EQ(changes, 2);
  pods.put(pod("a", "2"));
  pods.put(pod("b", "2", asks("true")));
  EXPECT_EQ(changes, 2);
  EXPECT_THAT(held(), ElementsAre("a@2", "b@2"));
  pods.put(pod("b", "2", asks("true")));
  pods.put(pod("a", "3", asks("true")));
  EXPECT_EQ(changes, 3);
  pods.put(pod("a", "4", asks("true"), {{"deletionTimestamp", "2026-11-26T10:00:00Z"}}));
  EXPECT_EQ(changes, 4);
  pods.remove({"shop", "a"});
  pods.remove({"shop", "a"});
  EXPECT_EQ(changes, 5);
  EXPECT_THAT(held(), ElementsAre("b@2"));
}

// A pod's node is looked up again with each version of the pod until it is known.
TEST_F(AskingPodsTest, EachVersionOfAnInjectedPodIsNews) {
  pods.put(pod("a", "1", injected()));
  pods.put(pod("a", "2", injected()));
  EXPECT_EQ(changes, 2);
}

TEST_F(AskingPodsTest, KeepsOfAPodWhatTheCensusWants) {
  Json words = asks("n/agents");
  words.update(injected());
  words[std::string(kWarnedAnnotation)] = "BehindProxy: because";
  words["anything"] = "else";
  const AskingPod known = read_asking_pod(pod("a", "1", words, {{"labels", {{"x", "y"}}}}));
  EXPECT_EQ(known.key, (ObjectKey{"shop", "a"}));
  EXPECT_EQ(known.uid, "u-a");
  EXPECT_EQ(known.says(), (AskingPod::Words{"n/agents", "n/agents", "", "BehindProxy"}));
  const AskingPod silent = read_asking_pod(pod("b", "1"));
  EXPECT_EQ(silent.words, nullptr);
  EXPECT_EQ(silent.uid, "") << "its node is not looked up";
}

}  // namespace
}  // namespace dualtrace::ctl

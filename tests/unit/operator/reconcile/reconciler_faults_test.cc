// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/time/rfc3339.h"
#include "tests/unit/operator/reconcile/world.h"

namespace dualtrace::ctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

const Error kDown{ErrorKind::kUnavailable, "down"};

// The process dies at one call, before the call is made or before its answer arrives.
class EndingApi final : public kube::Api {
 public:
  enum class Where { kBefore, kAfter };
  EndingApi(kube::Api& api, size_t call, Where where) : api_(api), call_(call), where_(where) {}

  Result<Json> get(const kube::ResourceType& type, const kube::ObjectKey& key,
                   kube::Form form) override {
    return through([&] { return api_.get(type, key, form); });
  }
  Result<Json> create(const kube::ResourceType& type, const Json& object) override {
    return through([&] { return api_.create(type, object); });
  }
  Result<Json> update(const kube::ResourceType& type, const Json& object) override {
    return through([&] { return api_.update(type, object); });
  }
  Result<Json> apply(const kube::ResourceType& type, const Json& object,
                     const kube::ApplyOptions& options) override {
    return through([&] { return api_.apply(type, object, options); });
  }
  Result<Json> merge_patch(const kube::ResourceType& type, const kube::ObjectKey& key,
                           const Json& patch) override {
    return through([&] { return api_.merge_patch(type, key, patch); });
  }
  Status remove(const kube::ResourceType& type, const kube::ObjectKey& key,
                const kube::Precondition& precondition) override {
    return through([&] { return api_.remove(type, key, precondition); });
  }

  [[nodiscard]] bool ended() const { return calls_ > call_; }

 private:
  template <typename Call>
  auto through(Call call) -> decltype(call()) {
    const size_t number = calls_++;
    if (number > call_ || (number == call_ && where_ == Where::kBefore)) return fail(kDown);
    auto answer = call();
    if (number == call_) return fail(kDown);
    return answer;
  }

  kube::Api& api_;
  const size_t call_;
  const Where where_;
  size_t calls_ = 0;
};

// One change of each kind: to the pods, to the configuration, a child edited and one removed by
// hand, and one that is no longer planned.
void make_trouble(World& world) {
  world.edit_export([](Json& object) {
    object["spec"]["agent"] = {{"logLevel", "Debug"}, {"image", "agent:2"}};
    object["spec"].erase("databricks");
  });
  world.edit(kube::kServices, [](Json& object) { object["spec"]["ports"] = Json::array(); });
  world.delete_child(kube::kNetworkPolicies);
  Json old = world.child(kube::kConfigMaps);
  old["metadata"]["name"] = "agents-of-old";
  world.api.put(kube::kConfigMaps, std::move(old));
}

// A condition may have had another value in between.
Json without_times(Json objects) {
  for (Json& condition : objects.back()["status"]["conditions"]) {
    condition.erase("lastTransitionTime");
  }
  return objects;
}

TEST(Reconciler, ComesToTheSameEndFromWhereverItWasKilled) {
  World undisturbed;
  undisturbed.settle();
  make_trouble(undisturbed);
  undisturbed.settle();
  ASSERT_FALSE(undisturbed.api.find(kube::kConfigMaps, {"shop", "agents-of-old"}));

  for (const auto where : {EndingApi::Where::kBefore, EndingApi::Where::kAfter}) {
    size_t call = 0;
    for (bool ended = true; ended; ++call) {
      World world;
      EndingApi first(world.api, call, where);  // during the first rollout
      world.restart(first);
      ignore(world.run(), "killed");
      world.restart();
      world.settle();
      make_trouble(world);
      EndingApi second(world.api, call, where);  // during the repair
      world.restart(second);
      ignore(world.run(), "killed");
      ended = first.ended() || second.ended();
      world.restart();
      world.settle();
      ASSERT_EQ(world.everything(), undisturbed.everything()) << "killed at call " << call;
    }
    EXPECT_GT(call, 12U);
  }
}

TEST(Reconciler, ComesToTheSameEndWhateverCallFails) {
  World undisturbed;
  undisturbed.settle();
  make_trouble(undisturbed);
  undisturbed.settle();
  for (const ErrorKind kind : {ErrorKind::kUnavailable, ErrorKind::kConflict, ErrorKind::kDenied}) {
    size_t calls = 1;
    for (size_t failing = 0; failing < calls; ++failing) {
      World world;
      world.settle();
      make_trouble(world);
      calls = 0;
      world.api.fault([&](const kube::FakeApi::Call&) -> std::optional<Error> {
        if (calls++ != failing) return std::nullopt;
        return Error{kind, "this one fails"};
      });
      world.settle();  // the same process retries
      world.clock.advance(std::chrono::minutes(6));
      world.settle();  // and retries a Secret that it could not read
      ASSERT_EQ(without_times(world.everything()), without_times(undisturbed.everything()))
          << to_string(kind) << " at call " << failing;
    }
    EXPECT_GT(calls, 5U);
  }
}

TEST(Reconciler, WritesNothingMoreWhenItDoesNotLead) {
  World world;
  world.api.fault([](const kube::FakeApi::Call& call) -> std::optional<Error> {
    if (call.verb == "get") return std::nullopt;
    return Error{ErrorKind::kCancelled, "not leading"};
  });
  EXPECT_EQ(world.run().error().kind, ErrorKind::kCancelled);
  EXPECT_LE(world.api.writes().size(), 1U) << "at most one is attempted, and rejected";
  EXPECT_TRUE(world.api.all(kube::kServiceAccounts).empty());
}

TEST(Reconciler, AppliesTheOthersWhenOneIsRefusedAndSaysWhich) {
  World world;
  world.api.fail_next("apply", kube::kServices, {ErrorKind::kInvalid, "field is immutable"});
  EXPECT_EQ(world.run().error().kind, ErrorKind::kInvalid);
  EXPECT_TRUE(world.api.find(kube::kDaemonSets, kChild));
  EXPECT_EQ(world.condition("Progressing"), "False ApplyFailed");
  EXPECT_NE(world.status().dump().find("Service shop/agents-dualtrace"), std::string::npos);
  world.settle();
  EXPECT_NE(world.condition("Progressing"), "False ApplyFailed");
}

TEST(Reconciler, TriesAgainWhenOneOfTwoFailuresMayPass) {
  World world;
  world.api.fail_next("apply", kube::kConfigMaps, {ErrorKind::kInvalid, "no"});
  world.api.fail_next("apply", kube::kServices, {ErrorKind::kDenied, "forbidden"});
  EXPECT_EQ(world.run().error().kind, ErrorKind::kDenied);
}

TEST(Reconciler, DoesNotReportAnApiServerThatIsAwayForAMoment) {
  World world;
  world.settle();
  const Json before = world.status();
  world.delete_child(kube::kServices);
  world.api.fail_next("apply", kube::kServices, kDown);
  EXPECT_EQ(world.run().error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(world.status(), before);
  world.clock.advance(std::chrono::seconds(11));
  world.api.fail_next("apply", kube::kServices, kDown);
  EXPECT_EQ(world.run().error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(world.condition("Progressing"), "False ApplyFailed");
}

TEST(Reconciler, IsQuietInANamespaceThatIsBeingDeleted) {
  World world;
  world.api.fault([](const kube::FakeApi::Call& call) -> std::optional<Error> {
    if (call.verb != "apply") return std::nullopt;
    return Error{ErrorKind::kDenied,
                 "serviceaccounts \"agents-dualtrace\" is forbidden: unable to create new content "
                 "in namespace shop because it is being terminated"};
  });
  EXPECT_TRUE(world.run());
  EXPECT_EQ(world.api.writes(), Texts{"apply serviceaccounts shop/agents-dualtrace"});
  EXPECT_THAT(world.events.told(), IsEmpty());
}

TEST(Reconciler, AppliesNothingThatIsNotPermittedAndLeavesWhatRuns) {
  World world;
  world.permissions = {};
  world.restart();
  world.settle();
  const Json before = world.child(kube::kDaemonSets);
  world.edit_export([](Json& object) {
    object["spec"]["agent"] = {{"image", "evil.example/agent:1"}};
  });
  world.settle();
  EXPECT_EQ(world.condition("ConfigValid"), "False NotPermitted");
  EXPECT_EQ(world.condition("Ready"), "False NotPermitted");
  EXPECT_EQ(world.child(kube::kDaemonSets), before);
  world.edit_export([](Json& object) { object["spec"].erase("agent"); });
  world.settle();
  EXPECT_NE(world.condition("ConfigValid"), "False NotPermitted");
}

TEST(Reconciler, LeavesWhatRunsWhenTheInstallationPermitsLess) {
  World world;
  world.edit_export([](Json& object) {
    object["spec"]["agent"] = {{"image", "other.example/agent:1"}};
  });
  world.settle();
  const Json before = world.child(kube::kDaemonSets);
  world.permissions = {};
  world.restart();
  world.settle();
  EXPECT_EQ(world.condition("ConfigValid"), "False NotPermitted");
  EXPECT_EQ(world.child(kube::kDaemonSets), before);
}

TEST(Reconciler, AppliesNothingThatWouldSendATokenOfTheCluster) {
  World world;
  Json token = secret("databricks", {{"token", "token-1"}});
  token["type"] = "kubernetes.io/service-account-token";
  world.api.put(kube::kSecrets, token);
  world.settle();
  EXPECT_EQ(world.condition("ConfigValid"), "False NotPermitted");
  EXPECT_FALSE(world.api.find(kube::kDaemonSets, kChild));
  world.api.put(kube::kSecrets, secret("databricks", {{"token", "token-2"}}));
  world.clock.advance(std::chrono::minutes(1));
  world.settle();
  EXPECT_NE(world.condition("ConfigValid"), "False NotPermitted");
  EXPECT_TRUE(world.api.find(kube::kDaemonSets, kChild));
}

TEST(Reconciler, LeavesAloneWhatAnotherOperatorHas) {
  World world;
  world.lease = "system/first";
  world.restart();
  world.settle();
  EXPECT_EQ(world.status()["operator"], "system/first");
  world.api.put(kube::kLeases, {{"metadata", {{"namespace", "system"}, {"name", "first"}}},
                                {"spec",
                                 {{"holderIdentity", "pod"},
                                  {"renewTime", rfc3339_micros(world.clock.wall())},
                                  {"leaseDurationSeconds", 15}}}});
  world.lease = "system/second";
  world.restart();
  world.delete_child(kube::kConfigMaps);
  world.api.forget_calls();
  world.events.events.clear();
  const auto next = world.run();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->after, std::chrono::minutes(1));
  world.settle();
  EXPECT_THAT(world.api.writes(), IsEmpty());
  ASSERT_EQ(world.events.events.size(), 1U);
  EXPECT_EQ(world.events.events[0].reason, "ServedByAnother");
  world.api.erase(kube::kLeases, {"system", "first"});
  world.clock.advance(std::chrono::minutes(1));
  world.settle();
  EXPECT_EQ(world.status()["operator"], "system/second");
  EXPECT_TRUE(world.api.find(kube::kConfigMaps, kChild));
}

TEST(Reconciler, LetsGoWhatIsNotOfItsClassAnyMore) {
  World world;
  world.lease = "system/first";
  world.restart();
  world.settle();
  const Json before = world.status();
  world.edit_export([](Json& object) { object["spec"]["className"] = "blue"; });
  world.api.forget_calls();
  world.settle();
  EXPECT_EQ(world.api.writes(), Texts{"apply dualtraceexports/status shop/agents"});
  Json without = before;
  without.erase("operator");
  EXPECT_EQ(world.status(), without);
  EXPECT_TRUE(world.api.find(kube::kDaemonSets, kChild)) << "the next operator takes it over";
  world.lease = "system/second";
  world.scope = {.class_name = "blue"};
  world.restart();
  world.settle();
  EXPECT_EQ(world.status()["operator"], "system/second");
}

TEST(Reconciler, RemovesWhatItOwnsAndDoesNotPlan) {
  World world;
  world.settle();
  Json old = world.child(kube::kConfigMaps);
  old["metadata"]["name"] = "ours";
  world.api.put(kube::kConfigMaps, old);
  old["metadata"]["name"] = "of-another-export";
  old["metadata"]["ownerReferences"][0]["uid"] = "other";
  old["metadata"]["ownerReferences"][0]["name"] = "others";
  world.api.put(kube::kConfigMaps, old);
  old["metadata"]["name"] = "of-nobody";
  old["metadata"].erase("ownerReferences");
  world.api.put(kube::kConfigMaps, old);
  world.api.forget_calls();
  world.settle();
  EXPECT_EQ(world.api.writes(), Texts{"remove configmaps shop/ours"});
}

// The garbage collector missed it: its watch broke while the export was recreated.
TEST(Reconciler, RemovesWhatAnExportOfTheSameNameHasLeft) {
  World world;
  world.settle();
  const auto left = [&](const char* name, const std::function<void(Json&)>& edit) {
    Json old = world.child(kube::kConfigMaps);
    old["metadata"]["name"] = name;
    old["metadata"]["ownerReferences"][0]["uid"] = "before";
    edit(old["metadata"]);
    world.api.put(kube::kConfigMaps, old);
  };
  left("left", [](Json&) {});
  left("left-by-another-version", [](Json& metadata) {
    metadata["ownerReferences"][0]["apiVersion"] = "dualtrace.dev/v1alpha0";
  });
  left("not-controlled",
       [](Json& metadata) { metadata["ownerReferences"][0].erase("controller"); });
  left("of-another-kind", [](Json& metadata) { metadata["ownerReferences"][0]["kind"] = "Job"; });
  left("of-another-group", [](Json& metadata) {
    metadata["ownerReferences"][0]["apiVersion"] = "dualtrace.dev.example/v1alpha1";
  });
  left("of-another-name",
       [](Json& metadata) { metadata["ownerReferences"][0]["name"] = "agents-of-old"; });
  left("without-the-label", [](Json& metadata) { metadata.erase("labels"); });
  world.api.forget_calls();
  world.settle();
  EXPECT_THAT(world.api.writes(), ElementsAre("remove configmaps shop/left",
                                              "remove configmaps shop/left-by-another-version"));
}

TEST(Reconciler, DoesNotRemoveWhatChangedSinceItLooked) {
  World world;
  world.settle();
  Json old = world.child(kube::kConfigMaps);
  old["metadata"]["name"] = "ours";
  world.api.put(kube::kConfigMaps, old);
  world.cache.refresh();
  old["metadata"].erase("ownerReferences");
  world.api.put(kube::kConfigMaps, old);  // now it belongs to somebody else
  EXPECT_EQ(world.reconcile().error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(world.api.find(kube::kConfigMaps, {"shop", "ours"}));
  world.settle();
  EXPECT_TRUE(world.api.find(kube::kConfigMaps, {"shop", "ours"}));
}

TEST(Reconciler, PrunesNothingWhileSomethingCannotBeApplied) {
  World world;
  world.settle();
  Json old = world.child(kube::kConfigMaps);
  old["metadata"]["name"] = "ours";
  world.api.put(kube::kConfigMaps, old);
  world.delete_child(kube::kServices);
  world.api.fail_next("apply", kube::kServices, {ErrorKind::kInvalid, "no"});
  EXPECT_FALSE(world.run());
  EXPECT_TRUE(world.api.find(kube::kConfigMaps, {"shop", "ours"}));
}

}  // namespace
}  // namespace dualtrace::ctl

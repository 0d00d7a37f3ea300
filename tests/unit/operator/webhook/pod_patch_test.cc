// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/pod_patch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using ::testing::HasSubstr;

TEST(PodPatch, MakesTheListsThatAreNotThere) {
  Json pod = pod_with();
  pod["metadata"].erase("annotations");
  InjectionPlan plan;
  plan.changes = {{"containers", 0, {value_of("DUALTRACE_A", "1")}, {value_of("OTEL_B", "2")}, {}}};
  EXPECT_EQ(render_patch(pod, plan, {{"dualtrace.dev/injected", "a/b"}}), Json::parse(R"([
    {"op": "add", "path": "/spec/containers/0/env", "value": []},
    {"op": "add", "path": "/spec/containers/0/env/0", "value": {"name": "DUALTRACE_A", "value": "1"}},
    {"op": "add", "path": "/spec/containers/0/env/-", "value": {"name": "OTEL_B", "value": "2"}},
    {"op": "add", "path": "/metadata/annotations", "value": {}},
    {"op": "add", "path": "/metadata/annotations/dualtrace.dev~1injected", "value": "a/b"}
  ])"));
}

TEST(PodPatch, FindsTheUsersTextBehindWhatItPutFirst) {
  const Json pod =
      pod_with(list_of(value_of("A", "1"), value_of("OTEL_RESOURCE_ATTRIBUTES", "a=1")));
  InjectionPlan plan;
  plan.changes = {
      {"containers", 0, {value_of("DUALTRACE_A", "1")}, {}, AppendedText{1, "a=1,b=2"}}};
  const auto after = apply_patch(pod, render_patch(pod, plan, {}));
  ASSERT_TRUE(after);
  EXPECT_EQ(env_of(*after), (Json{value_of("DUALTRACE_A", "1"), value_of("A", "1"),
                                  value_of("OTEL_RESOURCE_ATTRIBUTES", "a=1,b=2")}));
  EXPECT_TRUE(check_patched(pod, *after));
}

TEST(PodPatch, IsNothingForNothing) { EXPECT_EQ(render_patch(pod_with(), {}, {}), Json::array()); }

TEST(PodPatch, ThatCannotBeAppliedIsAnError) {
  const Json patch = Json::parse(R"([{"op": "add", "path": "/spec/volumes/0/x", "value": 1}])");
  EXPECT_FALSE(apply_patch(pod_with(), patch));
}

// What is wrong with a pod after this change, "" for nothing.
std::string fault(const Json& before, const std::function<void(Json&)>& change) {
  Json after = before;
  change(after);
  const Status checked = check_patched(before, after);
  return checked ? "" : checked.error().message;
}

Json& env(Json& pod) { return pod["spec"]["containers"][0]["env"]; }

TEST(PatchCheck, LetsOursThrough) {
  const Json pod =
      pod_with(list_of(value_of("A", "1"), value_of("OTEL_RESOURCE_ATTRIBUTES", "a=1")));
  EXPECT_EQ(fault(pod,
                  [](Json& after) {
                    env(after).insert(env(after).begin(), value_of("DUALTRACE_X", ""));
                    env(after)[2]["value"] = "a=1,b=2";
                    env(after).push_back(value_of("OTEL_SERVICE_NAME", "x"));
                    after["metadata"]["annotations"]["dualtrace.dev/injected"] = "a/b";
                  }),
            "");
  Json bare = pod_with();
  bare["metadata"].erase("annotations");
  EXPECT_EQ(fault(bare,
                  [](Json& after) {
                    after["metadata"]["annotations"] = {{"dualtrace.dev/skipped", "x"}};
                  }),
            "");
}

TEST(PatchCheck, SeesAVariableOfTheUsersThatIsNotAsItWas) {
  const Json pod = pod_with(
      {value_of("A", "1"), value_of("B", "2"), value_of("OTEL_RESOURCE_ATTRIBUTES", "a=1")});
  EXPECT_NE(fault(pod, [](Json& after) { env(after).erase(0); }), "");
  EXPECT_THAT(fault(pod, [](Json& after) { env(after).erase(2); }), HasSubstr("would change"));
  EXPECT_NE(fault(pod, [](Json& after) { env(after)[0]["value"] = "2"; }), "");
  EXPECT_NE(fault(pod, [](Json& after) { std::swap(env(after)[0], env(after)[1]); }), "");
  EXPECT_NE(fault(pod, [](Json& after) { env(after)[2]["value"] = "b=2"; }), "");
  EXPECT_NE(fault(pod, [](Json& after) { env(after)[2]["valueFrom"] = Json::object(); }), "");
}

TEST(PatchCheck, SeesAVariableThatIsNotOursOrThereTwice) {
  const Json pod = pod_with(list_of(value_of("OTEL_SERVICE_NAME", "1")));
  EXPECT_THAT(fault(pod, [](Json& after) { env(after).push_back(value_of("PATH", "")); }),
              HasSubstr("not dualtrace's"));
  EXPECT_NE(fault(pod, [](Json& after) { env(after).push_back(value_of("OTEL_a", "")); }), "");
  EXPECT_THAT(
      fault(pod, [](Json& after) { env(after).push_back(value_of("OTEL_SERVICE_NAME", "")); }),
      HasSubstr("twice"));
}

TEST(PatchCheck, SeesAnythingElseThatChanges) {
  const Json pod = pod_with();
  EXPECT_NE(fault(pod, [](Json& after) { after["spec"]["hostNetwork"] = true; }), "");
  EXPECT_NE(fault(pod, [](Json& after) { after["spec"]["containers"][0]["image"] = "x"; }), "");
  EXPECT_NE(fault(pod, [](Json& after) { after["spec"]["containers"].erase(0); }), "");
  EXPECT_NE(fault(pod, [](Json& after) { after["metadata"]["annotations"]["a"] = "b"; }), "");
  EXPECT_NE(fault(pod, [](Json& after) { after["metadata"]["labels"]["a"] = "b"; }), "");
}

TEST(PatchCheck, KnowsHowLargeAPodMayBe) {
  Json pod = pod_with();
  pod["metadata"]["annotations"]["large"] = std::string(256 * 1024 - 40, 'x');
  EXPECT_THAT(fault(pod,
                    [](Json& after) {
                      after["metadata"]["annotations"]["dualtrace.dev/injected"] =
                          std::string(40, 'x');
                    }),
              HasSubstr("256 KiB"));
  Json huge = pod_with(list_of(value_of("LARGE", std::string(1024 * 1024, 'x'))));
  EXPECT_THAT(fault(huge, [](Json& /*after*/) {}), HasSubstr("1 MiB"));
}

}  // namespace
}  // namespace dualtrace::ctl

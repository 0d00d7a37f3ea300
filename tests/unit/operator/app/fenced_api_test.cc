// SPDX-License-Identifier: Apache-2.0
#include "operator/app/fenced_api.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::ctl {
namespace {

const kube::ObjectKey kKey{"space", "a"};

struct FencedApiTest : ::testing::Test {
  kube::FakeApi api;
  bool leading = false;
  FencedApi fenced{api, [this] { return leading; }};
  Json object = {{"metadata", {{"namespace", "space"}, {"name", "a"}}}};
};

TEST_F(FencedApiTest, ReadsButDoesNotWriteWhileItDoesNotLead) {
  api.put(kube::kConfigMaps, object);
  EXPECT_TRUE(fenced.get(kube::kConfigMaps, kKey, kube::Form::kWhole));
  const Json other = {{"metadata", {{"namespace", "space"}, {"name", "b"}}}};
  const ErrorKind kinds[] = {
      fenced.create(kube::kConfigMaps, other).error().kind,
      fenced.update(kube::kConfigMaps, object).error().kind,
      fenced.apply(kube::kConfigMaps, other, {.field_manager = "m"}).error().kind,
      fenced.merge_patch(kube::kConfigMaps, kKey, {{"data", {{"a", "b"}}}}).error().kind,
      fenced.remove(kube::kConfigMaps, kKey, {}).error().kind,
  };
  for (const ErrorKind kind : kinds) EXPECT_EQ(kind, ErrorKind::kCancelled);
  EXPECT_TRUE(api.writes().empty());
}

TEST_F(FencedApiTest, WritesWhileItLeads) {
  leading = true;
  EXPECT_TRUE(fenced.create(kube::kConfigMaps, object));
  object["data"]["a"] = "b";
  EXPECT_TRUE(fenced.apply(kube::kConfigMaps, object, {.field_manager = "m"}));
  EXPECT_TRUE(fenced.merge_patch(kube::kConfigMaps, kKey, {{"data", {{"a", "c"}}}}));
  const auto stored = fenced.get(kube::kConfigMaps, kKey, kube::Form::kWhole);
  ASSERT_TRUE(stored);
  EXPECT_EQ(text_at(*stored, {"data", "a"}), "c");
  EXPECT_TRUE(fenced.update(kube::kConfigMaps, *stored));
  EXPECT_TRUE(fenced.remove(kube::kConfigMaps, kKey, {}));
  EXPECT_EQ(api.writes().size(), 5U);
}

}  // namespace
}  // namespace dualtrace::ctl

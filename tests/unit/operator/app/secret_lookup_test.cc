// SPDX-License-Identifier: Apache-2.0
#include "operator/app/secret_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::ctl {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct SecretLookupTest : testing::Test {
  SecretLookupTest() {
    api.put(kube::kSecrets, {{"metadata", {{"namespace", "shop"}, {"name", "arize"}}}});
  }
  std::optional<bool> has(const char* name) {
    return lookup.has({"shop", name}, clock.tick() + Duration(1));
  }
  void expect_counted(const std::string& result) {
    EXPECT_THAT(
        metrics.text(),
        HasSubstr("dualtrace_operator_webhook_secret_lookups_total{result=\"" + result + "\"} 1"));
  }

  kube::FakeApi api;
  FakeClock clock;
  MetricRegistry metrics;
  const SecretLookup lookup{api, clock, metrics};
};

TEST_F(SecretLookupTest, TellsASecretThatIsThereFromOneThatIsNot) {
  EXPECT_EQ(has("arize"), true);
  EXPECT_EQ(has("databricks"), false);
  expect_counted("found");
  expect_counted("missing");
}

TEST_F(SecretLookupTest, KnowsNothingWhereItMayNotLookOrIsNotTold) {
  api.fail_next("get", kube::kSecrets, {ErrorKind::kDenied, "forbidden"});
  EXPECT_EQ(has("databricks"), std::nullopt);
  api.fail_next("get", kube::kSecrets, {ErrorKind::kUnavailable, "no answer in time"});
  EXPECT_EQ(has("databricks"), std::nullopt);
  expect_counted("denied");
  expect_counted("failed");
}

TEST_F(SecretLookupTest, DoesNotAskWhenTheTimeIsOver) {
  EXPECT_EQ(lookup.has({"shop", "databricks"}, clock.tick()), std::nullopt);
  EXPECT_THAT(api.calls(), IsEmpty());
  expect_counted("unasked");
}

}  // namespace
}  // namespace dualtrace::ctl

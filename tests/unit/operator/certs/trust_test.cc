// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/trust.h"

#include <gtest/gtest.h>

#include "common/bytes/base64.h"

namespace dualtrace::ctl {
namespace {

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

Certificate some() { return make_webhook_authority(kNow, std::chrono::hours(1))->certificate; }

Json entry(const std::string& name, const std::string& bundle) {
  return {{"name", name}, {"clientConfig", {{"caBundle", bundle}, {"url", "https://x"}}}};
}

TEST(Trust, IsReadForEachEntry) {
  const Certificate one = some();
  const Certificate two = some();
  const Json configuration{{"webhooks", Json::array({entry("a", encode_base64(one.pem + two.pem)),
                                                     entry("b", "%%"),
                                                     entry("c", encode_base64("hello")),
                                                     {{"name", "d"}},
                                                     7})}};
  const auto entries = trusted_by_entries(configuration);
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_TRUE(same_certificates(entries[0], {two, one}));
  for (size_t i = 1; i < entries.size(); ++i) EXPECT_TRUE(entries[i].empty());
  EXPECT_TRUE(trusted_by_entries(Json::object()).empty());
}

TEST(Trust, IsAppliedToTheEntriesThatThereAreAndToNothingElse) {
  const Certificate one = some();
  const Json configuration{{"metadata", {{"name", "w"}, {"resourceVersion", "7"}, {"uid", "u"}}},
                           {"webhooks", Json::array({entry("a", ""), entry("b", "")})}};
  const std::string bundle = encode_base64(one.pem);
  const auto wanted = [&](const char* name) {
    return Json{{"name", name}, {"clientConfig", {{"caBundle", bundle}}}};
  };
  EXPECT_EQ(bundle_apply(kMutatingWebhookConfigurations, configuration, {one}),
            (Json{{"apiVersion", "admissionregistration.k8s.io/v1"},
                  {"kind", "MutatingWebhookConfiguration"},
                  {"metadata", {{"name", "w"}, {"resourceVersion", "7"}}},
                  {"webhooks", Json::array({wanted("a"), wanted("b")})}}));
}

}  // namespace
}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/authority_secret.h"

#include <gtest/gtest.h>

#include "common/bytes/base64.h"

namespace dualtrace::ctl {
namespace {

using std::chrono::hours;

const WallTime kNow{std::chrono::seconds(1'800'000'000)};
const kube::ObjectKey kKey{"system", "webhook"};

Authorities some() {
  return {.current = *make_webhook_authority(kNow, hours(5)),
          .next = *make_webhook_authority(kNow, hours(6)),
          .previous = {make_webhook_authority(kNow, hours(1))->certificate,
                       make_webhook_authority(kNow, hours(2))->certificate},
          .previous_until = kNow + hours(3)};
}

TEST(AuthoritySecret, IsReadAsItWasWritten) {
  const Authorities authorities = some();
  const Json secret = authority_secret(kKey, authorities);
  EXPECT_EQ(kube::key_of(secret), kKey);
  const StoredAuthorities stored = read_authorities(secret);
  EXPECT_TRUE(stored.faults.empty());
  ASSERT_TRUE(stored.authorities.current && stored.authorities.next);
  EXPECT_EQ(stored.authorities.trusted(), authorities.trusted());
  EXPECT_EQ(stored.authorities.current->key, authorities.current->key);
  EXPECT_EQ(stored.authorities.previous_until, authorities.previous_until);
}

TEST(AuthoritySecret, KeepsWhatItDoesNotKnowAndForgetsWhatIsNoMore) {
  Json secret = authority_secret(kKey, some());
  secret["data"]["tls.crt"] = encode_base64("x");
  secret["metadata"]["annotations"]["a"] = "b";
  const Json changed = with_authorities(secret, {.current = some().current, .next = {}});
  EXPECT_EQ(changed.at("metadata"), secret.at("metadata"));
  std::vector<std::string> keys;
  for (const auto& [key, value] : changed.at("data").items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"ca.crt", "ca.key", "tls.crt"}));
}

TEST(AuthoritySecret, WithoutDataHoldsNothing) {
  for (const Json& secret :
       {Json(), Json::object(), Json{{"data", 1}}, Json{{"data", Json::object()}}}) {
    const StoredAuthorities stored = read_authorities(secret);
    EXPECT_TRUE(stored.faults.empty());
    EXPECT_TRUE(stored.authorities.trusted().empty());
  }
}

TEST(AuthoritySecret, SaysWhatIsDamagedAndKeepsTheRest) {
  const Json whole = authority_secret(kKey, some());
  const auto faults_with = [&](const char* key, const Json& value) {
    Json damaged = whole;
    damaged["data"][key] = value;
    return read_authorities(damaged).faults;
  };
  EXPECT_EQ(faults_with("ca.key", encode_base64("x")).at(0),
            "ca.crt, ca.key: not a key in PEM without a passphrase");
  EXPECT_EQ(faults_with("ca.key", 7).at(0),
            "ca.crt, ca.key: not a key in PEM without a passphrase");
  EXPECT_EQ(faults_with("next.crt", "%").at(0), "next.crt, next.key: not a certificate in PEM");
  EXPECT_EQ(faults_with("previous.crt", encode_base64("x")).at(0),
            "previous.crt: not certificates in PEM");
  EXPECT_TRUE(faults_with("previous.until", encode_base64("soon")).empty());
  Json damaged = whole;
  damaged["data"]["next.key"] = "";
  EXPECT_TRUE(read_authorities(damaged).authorities.current.has_value());
}

TEST(AuthoritySecret, IsWiped) {
  Json secret = authority_secret(kKey, some());
  const size_t length = secret["data"]["ca.key"].get<std::string>().size();
  wipe_data(secret);
  EXPECT_EQ(secret["data"]["ca.key"], std::string(length, '\0'));
}

}  // namespace
}  // namespace dualtrace::ctl

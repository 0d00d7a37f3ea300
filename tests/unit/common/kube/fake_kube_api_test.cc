// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_kube_api.h"

#include <gtest/gtest.h>

namespace dualtrace::kube {
namespace {

const ObjectKey kKey{"a", "b"};

Json object(Json fields) {
  fields["metadata"] = {{"namespace", kKey.namespace_name}, {"name", kKey.name}};
  return fields;
}

std::string version(const Json& of) {
  return std::string(text_at(of, {"metadata", "resourceVersion"}));
}

TEST(FakeApi, MovesTheResourceVersionOnlyWhenAnApplyChangesSomething) {
  FakeApi api;
  const Json first = *api.apply(kConfigMaps, object({{"data", {{"x", "1"}}}}), {"m"});
  EXPECT_EQ(version(*api.apply(kConfigMaps, object({{"data", {{"x", "1"}}}}), {"m"})),
            version(first));
  EXPECT_NE(version(*api.apply(kConfigMaps, object({{"data", {{"x", "2"}}}}), {"m"})),
            version(first));
  EXPECT_EQ(text_at(*api.find(kConfigMaps, kKey), {"data", "x"}), "2");
}

TEST(FakeApi, TakesAwayWhatAManagerLeavesOutAndLeavesWhatOthersHave) {
  FakeApi api;
  (void)api.apply(kConfigMaps, object({{"data", {{"x", "1"}, {"y", "1"}}}}), {"m"});
  (void)api.merge_patch(kConfigMaps, kKey, {{"data", {{"theirs", "1"}}}});
  (void)api.apply(kConfigMaps, object({{"data", {{"x", "1"}}}}), {"m"});
  EXPECT_EQ(api.find(kConfigMaps, kKey)->at("data"), Json({{"x", "1"}, {"theirs", "1"}}));
}

TEST(FakeApi, AppliesStatusApartFromTheRest) {
  FakeApi api;
  const Json both = object({{"spec", {{"x", 1}}}, {"status", {{"y", 1}}}});
  EXPECT_EQ(api.apply(kDaemonSets, both, {"m", "status"}).error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(api.apply(kDaemonSets, both, {"m"})->contains("status"));
  const Json after = *api.apply(kDaemonSets, both, {"m", "status"});
  EXPECT_EQ(integer_at(after, {"status", "y"}), 1);
  EXPECT_EQ(integer_at(after, {"metadata", "generation"}), 1);
}

TEST(FakeApi, LocksByResourceVersionAndByPrecondition) {
  FakeApi api;
  const Json old = *api.create(kLeases, object({{"spec", {{"n", 1}}}}));
  EXPECT_EQ(api.create(kLeases, old).error().kind, ErrorKind::kConflict);
  Json changed = old;
  changed["spec"]["n"] = 2;
  EXPECT_TRUE(api.update(kLeases, changed));
  EXPECT_EQ(api.update(kLeases, changed).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(api.remove(kLeases, kKey, {.uid = "other"}).error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(api.remove(kLeases, kKey, {.uid = "uid-1"}));
  EXPECT_EQ(api.remove(kLeases, kKey, {}).error().kind, ErrorKind::kNotFound);
}

TEST(FakeApi, FailsAsToldAndKeepsALog) {
  FakeApi api;
  api.put(kSecrets, object({{"data", {{"k", "dg=="}}}}));
  api.fail_next("apply", kSecrets, {ErrorKind::kUnavailable, "down"});
  EXPECT_EQ(api.apply(kSecrets, object({}), {"m"}).error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(api.apply(kSecrets, object({}), {"m"}));
  api.fault([](const FakeApi::Call& call) -> std::optional<Error> {
    if (call.verb != "get") return std::nullopt;
    return Error{ErrorKind::kDenied, "no"};
  });
  EXPECT_EQ(api.get(kSecrets, kKey).error().kind, ErrorKind::kDenied);
  api.fault({});
  EXPECT_FALSE(api.get(kSecrets, kKey, Form::kMetadata)->contains("data"));
  EXPECT_EQ(api.writes(), (std::vector<std::string>{"apply secrets a/b", "apply secrets a/b"}));
  EXPECT_EQ(api.calls().size(), 4U);
}

}  // namespace
}  // namespace dualtrace::kube

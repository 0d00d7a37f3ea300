// SPDX-License-Identifier: Apache-2.0
#include "common/kube/object.h"

#include <gtest/gtest.h>

namespace dualtrace::kube {
namespace {

TEST(ResourceType, HasThePathsOfTheCoreAndOfGroups) {
  EXPECT_EQ(kSecrets.collection_path(""), "/api/v1/secrets");
  EXPECT_EQ(kSecrets.collection_path("a"), "/api/v1/namespaces/a/secrets");
  EXPECT_EQ(kDaemonSets.object_path({"a", "b"}), "/apis/apps/v1/namespaces/a/daemonsets/b");
  EXPECT_EQ(kDaemonSets.object_path({"", "b"}), "/apis/apps/v1/daemonsets/b");
  EXPECT_EQ(kSecrets.api_version(), "v1");
  EXPECT_EQ(kDaemonSets.api_version(), "apps/v1");
}

TEST(ObjectKey, IsReadFromMetadataAndWrittenForPeople) {
  const Json object = {{"metadata", {{"namespace", "a"}, {"name", "b"}}}};
  EXPECT_EQ(key_of(object), (ObjectKey{"a", "b"}));
  EXPECT_EQ(key_of(Json("no object")), ObjectKey());
  EXPECT_EQ(key_of(object).to_string(), "a/b");
  EXPECT_EQ((ObjectKey{"", "b"}).to_string(), "b");
}

TEST(Object, IsEndingFromTheTimeOfItsDeletionOn) {
  const Json object = {{"metadata", {{"deletionTimestamp", "2026-01-01T00:00:00Z"}}}};
  EXPECT_TRUE(is_ending(object));
  EXPECT_FALSE(is_ending({{"metadata", {{"deletionTimestamp", nullptr}}}}));
  EXPECT_FALSE(is_ending({{"metadata", {{"name", "a"}}}}));
  EXPECT_FALSE(is_ending(Json("no object")));
}

}  // namespace
}  // namespace dualtrace::kube

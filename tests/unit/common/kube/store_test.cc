// SPDX-License-Identifier: Apache-2.0
#include "common/kube/store.h"

#include <gtest/gtest.h>

#include "tests/unit/common/kube/objects.h"

namespace dualtrace::kube {
namespace {

ObjectPointer shared(Json object) { return std::make_shared<const Json>(std::move(object)); }

ObjectPointer owned(const std::string& name, const std::string& version, const std::string& owner) {
  Json object = pod(name, version);
  object["owner"] = owner;
  return shared(std::move(object));
}

std::string owner_of(const Json& object) { return std::string(text_at(object, {"owner"})); }

TEST(Store, HasWhatWasPutLast) {
  Store store;
  const ObjectPointer first = shared(pod("a", "1"));
  const ObjectPointer second = shared(pod("a", "2"));
  EXPECT_EQ(store.put(first), nullptr);
  EXPECT_EQ(store.put(second), first);
  EXPECT_EQ(store.get({"n", "a"}), second);
  EXPECT_EQ(store.size(), 1u);
  EXPECT_EQ(store.get({"other", "a"}), nullptr);
}

TEST(Store, GivesBackWhatItRemoves) {
  Store store;
  const ObjectPointer object = shared(pod("a", "1"));
  store.put(object);
  EXPECT_EQ(store.remove({"n", "a"}), object);
  EXPECT_EQ(store.remove({"n", "a"}), nullptr);
  EXPECT_EQ(store.size(), 0u);
}

TEST(Store, ANewListTakesThePlaceOfAllThatWasThere) {
  Store store(owner_of);
  store.put(owned("a", "1", "x"));
  store.put(owned("b", "1", "x"));
  const ObjectPointer fresh = owned("b", "2", "y");
  const auto before = store.replace({{{"n", "b"}, fresh}});
  EXPECT_EQ(before.size(), 2u);
  EXPECT_EQ(store.all(), std::vector{fresh});
  EXPECT_TRUE(store.select("x").empty());
  EXPECT_EQ(store.select("y"), std::vector{fresh});
}

TEST(Store, FindsObjectsByTheirIndexAsTheyChange) {
  Store store(owner_of);
  const ObjectPointer a = owned("a", "1", "x");
  const ObjectPointer b = owned("b", "1", "x");
  store.put(b);
  store.put(a);
  store.put(owned("c", "1", ""));
  EXPECT_EQ(store.select("x"), (std::vector{a, b}));
  EXPECT_TRUE(store.select("").empty()) << "fields without a value are left out";
  const ObjectPointer moved = owned("a", "2", "y");
  store.put(moved);
  EXPECT_EQ(store.select("x"), std::vector{b});
  EXPECT_EQ(store.select("y"), std::vector{moved});
  store.remove({"n", "b"});
  EXPECT_TRUE(store.select("x").empty());
}

}  // namespace
}  // namespace dualtrace::kube

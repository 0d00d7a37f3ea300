#include "common/kube/list_page.h"

#include <gtest/gtest.h>

namespace dualtrace::kube {
namespace {

const Selection kSelection{.type = kDaemonSets};

TEST(ListPage, IsReadWithItsPlaceInTheList) {
  const auto page =
      read_list_page(kSelection, R"({"metadata":{"resourceVersion":"9","continue":"more"},"items":[
        {"metadata":{"name":"a"}}]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->resource_version, "9");
  EXPECT_EQ(page->continue_token, "more");
  ASSERT_EQ(page->items.size(), 1U);
  EXPECT_EQ(text_at(page->items[0], {"metadata", "name"}), "a");
}

TEST(ListPage, LetsItsItemsSayWhatTheyAre) {
  const auto page = read_list_page(kSelection, R"({"metadata":{"resourceVersion":"9"},"items":[{},
        {"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata"}]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items[0], Json({{"apiVersion", "apps/v1"}, {"kind", "DaemonSet"}}));
  EXPECT_EQ(text_at(page->items[1], {"kind"}), "PartialObjectMetadata");
}

TEST(ListPage, MayBeEmpty) {
  for (const char* text : {R"({"metadata":{"resourceVersion":"9"},"items":null})",
                           R"({"metadata":{"resourceVersion":"9"},"items":[]})",
                           R"({"metadata":{"resourceVersion":"9"}})"}) {
    const auto page = read_list_page(kSelection, text);
    ASSERT_TRUE(page) << text;
    EXPECT_TRUE(page->items.empty());
  }
}

TEST(ListPage, RefusesWhatIsNoList) {
  for (const char* text : {"", "<html>", "[]", "{}", R"({"metadata":{"resourceVersion":"9"})",
                           R"({"metadata":{"resourceVersion":"9"},"items":[1]})"}) {
    EXPECT_FALSE(read_list_page(kSelection, text)) << text;
  }
}

}  // namespace
}  // namespace dualtrace::kube

// SPDX-License-Identifier: Apache-2.0
#include "common/kube/list_reader.h"

#include <gtest/gtest.h>

namespace dualtrace::kube {
namespace {

const Selection kSelection{.type = kDaemonSets};

Result<ListPage> read(std::string_view text, size_t piece = std::string_view::npos,
                      const Selection& selection = kSelection) {
  ListReader reader(selection);
  reader.begin();
  for (size_t at = 0; at < text.size(); at += std::min(piece, text.size() - at)) {
    reader.feed(text.substr(at, piece));
  }
  return reader.finish();
}

std::vector<std::string> names(const ListPage& page) {
  std::vector<std::string> found;
  for (const Json& item : page.items) found.push_back(key_of(item).name);
  return found;
}

TEST(ListReader, ReadsAPageWithItsPlaceInTheList) {
  const auto page = read(R"({"metadata":{"resourceVersion":"9","continue":"more"},"items":[
        {"metadata":{"name":"a"}}]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->resource_version, "9");
  EXPECT_EQ(page->continue_token, "more");
  EXPECT_EQ(names(*page), std::vector<std::string>{"a"});
}

// Wherever the network splits the page, and whatever its strings contain.
TEST(ListReader, ReadsAPageInPiecesOfAnySize) {
  const std::string text = R"({ "kind" : "List", "metadata" : { "resourceVersion" : "9" },
    "odd" : "\"items\":[{", "more" : {"items":[{"not":1}]},
    "items" : [ {"metadata":{"name":"a","x":"]}\\\"[{"}} , {"metadata":{"name":"b"},"s":[[{}]]},
                {"metadata":{"name":"c"}} ], "last" : ["items"] })";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    const auto page = read(text, piece);
    ASSERT_TRUE(page) << piece;
    EXPECT_EQ(page->resource_version, "9");
    ASSERT_EQ(names(*page), (std::vector<std::string>{"a", "b", "c"})) << piece;
    EXPECT_EQ(text_at(page->items[0], {"metadata", "x"}), R"(]}\"[{)");
  }
}

TEST(ListReader, LetsItsItemsSayWhatTheyAre) {
  const auto page = read(R"({"metadata":{"resourceVersion":"9"},"items":[{},
        {"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata"}]})");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 2U);
  for (const Json& item : page->items) {
    EXPECT_EQ(item, Json({{"apiVersion", "apps/v1"}, {"kind", "DaemonSet"}}));
  }
}

TEST(ListReader, TrimsEachObjectAsItIsRead) {
  Selection selection = kSelection;
  size_t seen = 0;
  selection.trim = [&](Json& object) {
    ++seen;
    EXPECT_NE(find(object, {"metadata", "managedFields"}), nullptr);
    object.erase("spec");
  };
  const auto page = read(R"({"metadata":{"resourceVersion":"9"},"items":[
    {"metadata":{"name":"a","managedFields":[]},"spec":{"large":1}}]})",
                         7, selection);
  ASSERT_TRUE(page);
  EXPECT_EQ(seen, 1U);
  EXPECT_EQ(
      page->items.at(0),
      Json({{"apiVersion", "apps/v1"}, {"kind", "DaemonSet"}, {"metadata", {{"name", "a"}}}}));
}

// A server may send any amount: 100 MiB in one answer, above the former limit of 64 MiB.
TEST(ListReader, ReadsAPageOfAnyLength) {
  Selection selection = kSelection;
  selection.trim = [](Json& object) { object.erase("spec"); };
  ListReader reader(selection);
  reader.begin();
  reader.feed(R"({"metadata":{"resourceVersion":"9"},"items":[)");
  const std::string one =
      R"({"metadata":{"name":"a"},"spec":")" + std::string(1 << 20, 'x') + R"("})";
  for (int i = 0; i < 100; ++i) {
    if (i > 0) reader.feed(",");
    reader.feed(one);
  }
  reader.feed("]}");
  const auto page = reader.finish();
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items.size(), 100U);
}

TEST(ListReader, LeavesOutWhatIsTooLargeAndCountsIt) {
  const std::string large = std::string(9 << 20, 'x');
  const auto page = read(R"({"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"a"}},
    {"metadata":{"name":"b"},"spec":")" +
                             large + R"("},{"metadata":{"name":"c"}}]})",
                         256 << 10);
  ASSERT_TRUE(page);
  EXPECT_EQ(names(*page), (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(page->left_out, 1U);
}

TEST(ListReader, MayBeEmpty) {
  for (const char* text : {R"({"metadata":{"resourceVersion":"9"},"items":null})",
                           R"({"metadata":{"resourceVersion":"9"},"items":[]})",
                           R"({"metadata":{"resourceVersion":"9"}})"}) {
    const auto page = read(text);
    ASSERT_TRUE(page) << text;
    EXPECT_TRUE(page->items.empty());
  }
}

TEST(ListReader, BeginsAnewWithEachAnswer) {
  ListReader reader(kSelection);
  reader.begin();
  reader.feed(R"({"metadata":{"resourceVersion":"8"},"items":[{"metadata":{"name":"a"}},{"me)");
  reader.begin();
  reader.feed(R"({"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"b"}}]})");
  const auto page = reader.finish();
  ASSERT_TRUE(page);
  EXPECT_EQ(names(*page), std::vector<std::string>{"b"});
}

TEST(ListReader, RefusesWhatIsNoList) {
  for (const char* text :
       {"", "<html>", "[]", "{}", "}", "]]", R"({"metadata":{"resourceVersion":"9"})",
        R"({"metadata":{"resourceVersion":"9"},"items":[1]})",
        R"({"metadata":{"resourceVersion":"9"},"items":["a"]})",
        R"({"metadata":{"resourceVersion":"9"},"items":[[{}]]})",
        R"({"metadata":{"resourceVersion":"9"},"items":[{]}})",
        R"({"metadata":{"resourceVersion":"9"},"items":[{"a":}]})",
        R"({"metadata":{"resourceVersion":"9"},"items":[{"a":1})"}) {
    EXPECT_FALSE(read(text)) << text;
  }
}

}  // namespace
}  // namespace dualtrace::kube

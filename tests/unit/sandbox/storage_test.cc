// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/storage.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "tests/sandbox/queries.h"

namespace dualtrace::sandbox {
namespace {

class StorageTest : public testing::Test {
 protected:
  StorageTest() { storage = open(); }
  ~StorageTest() override {
    storage.reset();
    std::filesystem::remove_all(folder);
  }

  std::unique_ptr<Storage> open() {
    std::filesystem::create_directories(folder);
    auto opened = Storage::open(file, true);
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }

  static SpanRow span(const std::string& id, unsigned char content = 0) {
    SpanRow row{.trace_id = "aa", .span_id = id, .name = "n", .attributes = "{}", .events = "[]"};
    row.links = "[]";
    row.status = "{}";
    row.surroundings = std::make_shared<SpanSurroundings>(
        SpanSurroundings{.resource = "{}", .instrumentation_scope = "{}"});
    row.sha256[0] = content;
    return row;
  }

  void store(RequestRow request, std::vector<SpanRow> spans) {
    std::promise<Status> stored;
    request.headers = "{}";
    storage->store(std::move(request), std::move(spans),
                   [&](Status status) { stored.set_value(std::move(status)); });
    const Status status = stored.get_future().get();
    ASSERT_TRUE(status) << status.error().message;
  }

  std::string ids(Destination destination) {
    auto queries = Queries::open(file);
    EXPECT_TRUE(queries);
    return *(*queries)->ids(std::string(to_string(destination)));
  }

  const std::string folder = testing::TempDir() + "/storage_test_" +
                             testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string file = folder + "/spans.db";
  std::unique_ptr<Storage> storage;
};

TEST_F(StorageTest, ShowsWhatIsStoredAsSoonAsItSaysSo) {
  store({.outcome = "ok"}, {span("01"), span("02")});
  EXPECT_EQ(ids(Destination::kArize), "aa 01 1\naa 02 1\n");
  EXPECT_EQ(ids(Destination::kDatabricks), "");
}

TEST_F(StorageTest, TellsExactDuplicatesFromOthers) {
  store({.outcome = "ok"}, {span("01", 1), span("02", 1)});
  store({.outcome = "ok"}, {span("01", 1), span("02", 2)});
  store({.destination = Destination::kDatabricks, .outcome = "ok"}, {span("01", 1)});
  EXPECT_EQ(storage->stats(Destination::kArize),
            (DestinationStats{.requests = 2, .spans = 4, .unique = 2, .exact_duplicates = 1}));
  EXPECT_EQ(storage->stats(Destination::kDatabricks),
            (DestinationStats{.requests = 1, .spans = 1, .unique = 1}));
  EXPECT_EQ(ids(Destination::kArize), "aa 01 2\naa 02 2\n");
}

TEST_F(StorageTest, CountsRefusalsByReason) {
  store({.outcome = "space"}, {});
  store({.outcome = "ok", .spans_rejected = 2, .spans_swallowed = 3}, {});
  const DestinationStats stats = storage->stats(Destination::kArize);
  EXPECT_EQ(stats.requests, 2u);
  EXPECT_EQ(stats.rejected, 2u);
  EXPECT_EQ(stats.swallowed, 3u);
  EXPECT_EQ(stats.refused, (std::map<std::string, uint64_t>{{"space", 1}}));
}

TEST_F(StorageTest, GoesOnWithTheBooksOfTheFileItFinds) {
  store({.outcome = "ok", .spans_rejected = 1}, {span("01", 1), span("01", 1), span("01", 2)});
  store({.outcome = "space"}, {});
  const DestinationStats before = storage->stats(Destination::kArize);
  storage.reset();
  storage = open();
  EXPECT_EQ(storage->stats(Destination::kArize), before);
}

TEST_F(StorageTest, ForgetsEverythingOnReset) {
  store({.outcome = "ok"}, {span("01")});
  std::promise<bool> forgotten;
  storage->reset([&](const Status& status) { forgotten.set_value(status.has_value()); });
  EXPECT_TRUE(forgotten.get_future().get());
  EXPECT_EQ(storage->stats(Destination::kArize), DestinationStats());
  EXPECT_EQ(ids(Destination::kArize), "");
}

TEST_F(StorageTest, FiltersSpans) {
  store({.outcome = "ok"}, {span("01"), span("02")});
  auto queries = Queries::open(file);
  ASSERT_TRUE(queries);
  const auto none = (*queries)->spans({.trace_id = "bb"});
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(*none, "[]\n");
  const auto one = (*queries)->spans({.destination = "arize", .trace_id = "aa", .limit = 1});
  ASSERT_TRUE(one);
  EXPECT_NE(one->find(R"("span_id":"01")"), std::string::npos);
  EXPECT_NE(one->find(R"("attributes":{})"), std::string::npos);
  EXPECT_EQ(one->find(R"("span_id":"02")"), std::string::npos);
}

}  // namespace
}  // namespace dualtrace::sandbox

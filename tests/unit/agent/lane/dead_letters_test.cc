// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/dead_letters.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/fakes/memory_file_system.h"
#include "tests/unit/agent/lane/letters.h"
#include "tests/unit/agent/lane/otlp_request.h"

namespace dualtrace::agent {
namespace {

class DeadLettersTest : public testing::Test {
 protected:
  DeadLetters make(uint64_t bytes_max = 1 << 20) {
    return DeadLetters({.folder = "/dead/arize", .destination = "arize", .bytes_max = bytes_max},
                       files, metrics);
  }
  static DeadLetter letter(std::string_view request) {
    return {.request = request,
            .spans = 1,
            .reason = "InvalidData",
            .message = "bad \xFF byte",
            .arrived = WallTime(std::chrono::seconds(1'700'000'000)),
            .when = WallTime(std::chrono::seconds(1'700'000'060))};
  }
  MemoryFileSystem files;
  MetricRegistry metrics;
};

TEST_F(DeadLettersTest, KeepsTheRequestAndSaysWhy) {
  DeadLetters letters = make();
  const std::string request = otlp_request({"a"});
  letters.add(letter(request));
  ASSERT_TRUE(letters.keep());
  files.crash();
  const auto kept = letters_in(files, "/dead/arize");
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(request_of(kept[0]), request);
  EXPECT_EQ(kept[0]["destination"], "arize");
  EXPECT_EQ(kept[0]["reason"], "InvalidData");
  EXPECT_EQ(kept[0]["when"], "2023-11-14T22:14:20Z");
  EXPECT_EQ(kept[0]["trace_id"], "11111111111111111111111111111161");
  EXPECT_EQ(kept[0]["span_id"], "0102030405060708");
  EXPECT_EQ(kept[0]["spans"], 1);
}

TEST_F(DeadLettersTest, WritesAllThatWereAddedWithOneSync) {
  DeadLetters letters = make();
  letters.add(letter(otlp_request({"first"})));
  ASSERT_TRUE(letters.keep());
  files.fail_sync_in = 2;  // the second sync after this point
  for (int i = 0; i < 100; ++i) letters.add(letter(otlp_request({"a"})));
  ASSERT_TRUE(letters.keep());
  EXPECT_EQ(letters_in(files, "/dead/arize").size(), 101u);
  EXPECT_EQ(files.names("/dead/arize"), (std::vector<std::string>{"1.jsonl", "lock"}));
}

TEST_F(DeadLettersTest, EachAgentWritesFilesOfItsOwn) {
  DeadLetters ours = make();
  DeadLetters theirs = make();
  for (DeadLetters* each : {&ours, &theirs, &ours}) {
    each->add(letter(otlp_request({"a"})));
    ASSERT_TRUE(each->keep());
  }
  EXPECT_EQ(files.names("/dead/arize"), (std::vector<std::string>{"1.jsonl", "2.jsonl", "lock"}));
  EXPECT_EQ(letters_in(files, "/dead/arize").size(), 3u);
}

TEST_F(DeadLettersTest, ADiskThatStaysFullGathersNoFiles) {
  DeadLetters letters = make();
  files.bytes_max = 10;
  for (int i = 0; i < 10; ++i) {
    letters.add(letter(otlp_request({"a"})));
    EXPECT_FALSE(letters.keep());
  }
  EXPECT_EQ(files.names("/dead/arize"), std::vector<std::string>{"lock"});
  files.bytes_max.reset();
  letters.add(letter(otlp_request({"a"})));
  EXPECT_TRUE(letters.keep());
  EXPECT_EQ(letters_in(files, "/dead/arize").size(), 1u);
}

TEST_F(DeadLettersTest, AFailureLeavesTheLettersBeforeItWhole) {
  DeadLetters letters = make();
  letters.add(letter(otlp_request({"a"})));
  ASSERT_TRUE(letters.keep());
  files.fail_sync_in = 1;
  letters.add(letter(otlp_request({"b"})));
  EXPECT_FALSE(letters.keep());
  letters.add(letter(otlp_request({"c"})));
  EXPECT_TRUE(letters.keep());
  EXPECT_EQ(files.names("/dead/arize"), (std::vector<std::string>{"1.jsonl", "2.jsonl", "lock"}));
}

TEST_F(DeadLettersTest, RemovesTheOldestFileAboveItsLimitAndCountsItsLetters) {
  constexpr uint64_t kLimit = 64 * 1024;
  DeadLetters letters = make(kLimit);
  for (int i = 0; i < 400; ++i) {
    letters.add(letter(otlp_request({std::string(500, 'x')})));
    ASSERT_TRUE(letters.keep());
  }
  const auto kept = letters_in(files, "/dead/arize");
  EXPECT_FALSE(files.exists("/dead/arize/1.jsonl"));
  EXPECT_GT(kept.size(), 20u);
  EXPECT_NE(metrics.text().find("dualtrace_lane_dead_letters_removed_total{lane=\"arize\"} " +
                                std::to_string(400 - kept.size())),
            std::string::npos);
}

TEST_F(DeadLettersTest, LettersOfOlderAgentsCountAndGoFirst) {
  for (int i = 1; i <= 8; ++i) {
    const std::string path = "/dead/arize/" + std::to_string(i);
    ASSERT_TRUE(files.make_folders("/dead/arize"));
    ASSERT_TRUE(write_file(files, path + ".otlp", std::string(4000, 'x')));
    ASSERT_TRUE(write_file(files, path + ".json", "{}"));
  }
  DeadLetters letters = make(64 * 1024);
  letters.add(letter(otlp_request({"a"})));
  ASSERT_TRUE(letters.keep());
  EXPECT_FALSE(files.exists("/dead/arize/1.otlp"));
  EXPECT_FALSE(files.exists("/dead/arize/1.json"));
  EXPECT_TRUE(files.exists("/dead/arize/8.otlp"));
  EXPECT_TRUE(files.exists("/dead/arize/9.jsonl"));
}

TEST_F(DeadLettersTest, KeepsOnlyTheDescriptionOfWhatIsLargerThanAFile) {
  DeadLetters letters = make(64 * 1024);
  letters.add(letter(otlp_request({std::string(50'000, 'x')})));
  ASSERT_TRUE(letters.keep());
  const auto kept = letters_in(files, "/dead/arize");
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_TRUE(kept[0]["request"].is_null());
  EXPECT_EQ(kept[0]["reason"], "InvalidData");
}

}  // namespace
}  // namespace dualtrace::agent

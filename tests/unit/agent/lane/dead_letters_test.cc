#include "agent/lane/dead_letters.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/fakes/memory_file_system.h"
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
  ASSERT_TRUE(letters.keep(letter(request)));
  files.crash();
  EXPECT_EQ(files.content("/dead/arize/1.otlp"), request);
  const auto description = nlohmann::json::parse(files.content("/dead/arize/1.json"));
  EXPECT_EQ(description["destination"], "arize");
  EXPECT_EQ(description["reason"], "InvalidData");
  EXPECT_EQ(description["when"], "2023-11-14T22:14:20Z");
  EXPECT_EQ(description["trace_id"], "11111111111111111111111111111161");
  EXPECT_EQ(description["span_id"], "0102030405060708");
  EXPECT_EQ(description["spans"], 1);
}

TEST_F(DeadLettersTest, GoesOnCountingAfterARestart) {
  ASSERT_TRUE(make().keep(letter(otlp_request({"a"}))));
  ASSERT_TRUE(make().keep(letter(otlp_request({"b"}))));
  EXPECT_TRUE(files.exists("/dead/arize/1.otlp"));
  EXPECT_TRUE(files.exists("/dead/arize/2.otlp"));
}

TEST_F(DeadLettersTest, TwoAgentsAtATimeOverwriteNothingOfEachOther) {
  DeadLetters ours = make();
  DeadLetters theirs = make();
  ASSERT_TRUE(ours.keep(letter(otlp_request({"a"}))));
  ASSERT_TRUE(theirs.keep(letter(otlp_request({"b"}))));
  ASSERT_TRUE(ours.keep(letter(otlp_request({"c"}))));
  EXPECT_EQ(files.content("/dead/arize/1.otlp"), otlp_request({"a"}));
  EXPECT_EQ(files.content("/dead/arize/2.otlp"), otlp_request({"b"}));
  EXPECT_EQ(files.content("/dead/arize/3.otlp"), otlp_request({"c"}));
}

TEST_F(DeadLettersTest, LeavesNothingOfALetterThatCouldNotBeKept) {
  DeadLetters letters = make();
  files.fail_sync_in = 4;  // the folder's, when both files are there
  EXPECT_FALSE(letters.keep(letter(otlp_request({"a"}))));
  EXPECT_EQ(files.names("/dead/arize"), std::vector<std::string>{"lock"});
}

TEST_F(DeadLettersTest, RemovesTheOldestAboveItsLimit) {
  DeadLetters letters = make(3 * 8192);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(letters.keep(letter(otlp_request({"a"}))));
  EXPECT_FALSE(files.exists("/dead/arize/2.otlp"));
  EXPECT_FALSE(files.exists("/dead/arize/2.json"));
  EXPECT_TRUE(files.exists("/dead/arize/3.otlp"));
  EXPECT_NE(metrics.text().find("dualtrace_lane_dead_letters_removed_total{lane=\"arize\"} 2"),
            std::string::npos);
}

TEST_F(DeadLettersTest, KeepsOnlyTheDescriptionOfWhatIsLargerThanTheLimit) {
  DeadLetters letters = make(20'000);
  ASSERT_TRUE(letters.keep(letter(otlp_request({std::string(50'000, 'x')}))));
  EXPECT_FALSE(files.exists("/dead/arize/1.otlp"));
  EXPECT_EQ(nlohmann::json::parse(files.content("/dead/arize/1.json"))["request_kept"], false);
}

TEST_F(DeadLettersTest, SaysSoWhenTheDiskIsFull) {
  files.bytes_max = 10;
  DeadLetters letters = make();
  EXPECT_FALSE(letters.keep(letter(otlp_request({"a"}))));
  files.bytes_max.reset();
  EXPECT_TRUE(letters.keep(letter(otlp_request({"a"}))));
}

}  // namespace
}  // namespace dualtrace::agent

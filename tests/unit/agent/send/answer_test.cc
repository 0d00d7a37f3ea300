#include "agent/send/answer.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace dualtrace::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kNow{seconds(784'111'777)};  // Sun, 06 Nov 1994 08:49:37 GMT

std::string retry_info(int64_t delay_seconds, int32_t nanos = 0) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay_seconds);
  info.mutable_retry_delay()->set_nanos(nanos);
  google::rpc::Status status;
  status.add_details()->PackFrom(google::rpc::Status());
  status.add_details()->PackFrom(info);
  return status.SerializeAsString();
}

TEST(Answer, ReadsARetryAfterInSeconds) {
  EXPECT_EQ(parse_retry_after("7", kNow), seconds(7));
  EXPECT_EQ(parse_retry_after(" 7 ", kNow), seconds(7));
}

TEST(Answer, ReadsARetryAfterThatIsADate) {
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", kNow), seconds(10));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:27 GMT", kNow), std::nullopt);
}

TEST(Answer, TakesNoDelayLongerThanAnHour) {
  EXPECT_EQ(parse_retry_after("86400", kNow), hours(1));
  EXPECT_EQ(parse_retry_after("99999999999999999999999", kNow), hours(1));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 2044 08:49:47 GMT", kNow), hours(1));
  EXPECT_EQ(parse_retry_info(retry_info(INT64_MAX)), hours(1));
}

TEST(Answer, IgnoresADelayThatMakesNoSense) {
  for (const char* text :
       {"", "0", "-1", "soon", "1.5", "7 s", "Sun, 06 Nov", "Fri, 01 Jan 1200 00:00:00 GMT"}) {
    EXPECT_EQ(parse_retry_after(text, kNow), std::nullopt) << text;
  }
  EXPECT_EQ(parse_retry_info(retry_info(-1)), std::nullopt);
  EXPECT_EQ(parse_retry_info(retry_info(0)), std::nullopt);
  EXPECT_EQ(parse_retry_info(""), std::nullopt);
  EXPECT_EQ(parse_retry_info("\xff\xff"), std::nullopt);
}

TEST(Answer, FindsTheRetryInfoAmongTheDetails) {
  EXPECT_EQ(parse_retry_info(retry_info(2, 500'000'000)), milliseconds(2500));
}

TEST(Answer, CutsAndCleansTexts) {
  EXPECT_EQ(clean_text(" a\r\nb\x1b[31m\x7f"), "a  b [31m ");
  EXPECT_EQ(clean_text(std::string(1000, 'a')).size(), 512u);
  const std::string cut = clean_text(std::string(511, 'a') + "\xc3\xa9");
  EXPECT_EQ(cut, std::string(511, 'a'));
}

TEST(Answer, ReadsErrorsInEveryFormatOrAsTheyAre) {
  const auto message = [](const std::string& type, const std::string& body) {
    return parse_server_error({.headers = {{"content-type", type}}, .body = body}).message;
  };
  google::rpc::Status status;
  status.set_code(3);
  status.set_message("bad span");
  EXPECT_EQ(message("application/json", R"({"error_code":"X","message":"m"})"), "m");
  EXPECT_EQ(message("text/plain", R"({"code":3,"message":"m","details":[]})"), "m");
  EXPECT_EQ(message("application/json", R"({"error":{"code":400,"message":"m"}})"), "m");
  EXPECT_EQ(message("application/x-protobuf", status.SerializeAsString()), "bad span");
  EXPECT_EQ(message("text/plain", "All spans failed."), "All spans failed.");
  EXPECT_EQ(message("application/json", R"({"message":7})"), R"({"message":7})");
  EXPECT_EQ(message("application/json", std::string(100'000, '[')).size(), 512u);
  EXPECT_EQ(message("text/html", "<html>…"), "an HTML page");
  EXPECT_EQ(message("", ""), "");
}

}  // namespace
}  // namespace dualtrace::agent

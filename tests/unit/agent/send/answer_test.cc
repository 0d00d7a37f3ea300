// SPDX-License-Identifier: Apache-2.0
#include "agent/send/answer.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

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

HttpResponse answer(const std::string& type, std::string body) {
  HttpResponse response{.status = 200, .body = std::move(body)};
  if (!type.empty()) response.headers = {{"content-type", type}};
  return response;
}

TEST(Answer, ReadsErrorsInEveryFormAndWhoseFormItIs) {
  google::rpc::Status status;
  status.set_code(3);
  status.set_message("bad span");
  google::rpc::Status codeless;
  codeless.set_message("bad span");
  constexpr auto kOurs = ErrorForm::kDatabricks;
  const struct {
    std::string type;
    std::string body;
    ErrorForm form;
    int status_code;
    std::string code;
    std::string message;
  } rows[] = {
      {"application/json", R"({"error_code":"X","message":"m"})", kOurs, 0, "X", "m"},
      {"", R"({"error_code":"X"})", kOurs, 0, "X", ""},
      {"application/json", R"({"error_code":400,"message":"m"})", ErrorForm::kForeign, 0, "400",
       "m"},
      {"text/plain", R"({"code":3,"message":"m","details":[]})", ErrorForm::kStatus, 3, "", "m"},
      {"application/json", R"({"error":{"code":400,"message":"m"}})", ErrorForm::kStatus, 400, "",
       "m"},
      {"application/json", R"({"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}})",
       ErrorForm::kStatus, 3, "", "m"},
      {"application/json", R"({"error":"invalid_token","error_description":"gone"})",
       ErrorForm::kForeign, 0, "", "invalid_token: gone"},
      {"application/json", R"({"message":"m"})", ErrorForm::kForeign, 0, "", "m"},
      {"application/x-protobuf", status.SerializeAsString(), ErrorForm::kStatus, 3, "", "bad span"},
      {"application/x-protobuf", codeless.SerializeAsString(), ErrorForm::kStatus, 0, "",
       "bad span"},
      {"application/x-protobuf", "bad span", ErrorForm::kForeign, 0, "", "bad span"},
      {"text/plain", "All spans failed.", ErrorForm::kForeign, 0, "", "All spans failed."},
      {"application/json", R"({"message":7})", ErrorForm::kForeign, 0, "", R"({"message":7})"},
      {"application/json", R"([{"code":3,"message":"m"}])", ErrorForm::kForeign, 0, "",
       R"([{"code":3,"message":"m"}])"},
      {"text/html", "<html>…", ErrorForm::kForeign, 0, "", "a web page"},
      {"", "", ErrorForm::kForeign, 0, "", ""},
  };
  for (const auto& row : rows) {
    const ServerError error = parse_server_error(answer(row.type, row.body));
    EXPECT_EQ(error.form, row.form) << row.body;
    EXPECT_EQ(error.status_code, row.status_code) << row.body;
    EXPECT_EQ(error.code, row.code) << row.body;
    EXPECT_EQ(error.message, row.message) << row.body;
  }
  EXPECT_EQ(
      parse_server_error(answer("application/json", std::string(100'000, '['))).message.size(),
      512u);
}

constexpr const char* kPage = "<!DOCTYPE html>\n<html><title>Sign in</title></html>";

TEST(Answer, KnowsAWebPageInDisguise) {
  const std::string page = kPage;
  for (const auto& [type, body] : {
           std::pair<std::string, std::string>("text/html", "Sign in"),
           {"Text/HTML; charset=utf-8", "Sign in"},
           {"application/xhtml+xml", "<x/>"},
           {"", page},
           {"application/json", page},
           {"", "\xef\xbb\xbf" + page},
           {"", "\xef\xbb\xbf\r\n \t" + page},
           {"text/xml", "<?xml version=\"1.0\"?>\n" + page},
           {"", "<?xml version=\"1.0\"?>\n<!-- sso -->\n<?x ?><!-- > -->" + page},
           {"text/plain", "<!-- sso -->\n<HTML lang=en>"},
       }) {
    EXPECT_TRUE(is_web_page(answer(type, body))) << type << " " << body;
    EXPECT_FALSE(parse_success(answer(type, body))) << type << " " << body;
  }
  for (const auto& [type, body] : {
           std::pair<std::string, std::string>("", ""),
           {"text/html", ""},
           {"", "htmlx"},
           {"", "<!-- never ends <html>"},
           {"application/json", "{}"},
       }) {
    EXPECT_FALSE(is_web_page(answer(type, body))) << type << " " << body;
  }
}

TEST(Answer, TakesForSuccessOnlyWhatAnOtlpServerSays) {
  namespace v1 = opentelemetry::proto::collector::trace::v1;
  v1::ExportTraceServiceResponse none;
  none.mutable_partial_success();
  v1::ExportTraceServiceResponse two;
  two.mutable_partial_success()->set_rejected_spans(2);
  two.mutable_partial_success()->set_error_message("two");
  v1::ExportTraceServiceResponse negative;
  negative.mutable_partial_success()->set_rejected_spans(-2);
  google::rpc::Status status;
  status.set_code(13);
  status.set_message("broken");
  google::rpc::Status codeless;
  codeless.set_message("broken");
  const std::string later = two.SerializeAsString() + "\x52\x02\x08\x01";  // with a future field 10
  const std::string protobuf = "application/x-protobuf";
  const std::string json = "application/json";
  const struct {
    std::string type;
    std::string body;
    std::optional<uint64_t> rejected;
  } rows[] = {
      {"", "", 0},
      {"text/html", "", 0},
      {"text/plain", "\r\n", 0},
      {protobuf, none.SerializeAsString(), 0},
      {protobuf, two.SerializeAsString(), 2},
      {"Application/X-Protobuf; charset=x", two.SerializeAsString(), 2},
      {"application/vnd.google.protobuf", two.SerializeAsString(), 2},
      {"application/octet-stream", two.SerializeAsString(), 2},
      {"", two.SerializeAsString(), 2},
      {protobuf, negative.SerializeAsString(), 0},
      {protobuf, later, 2},
      {json, "{}", 0},
      {json, " {}\n", 0},
      {"", "{}", 0},
      {json, R"({"partialSuccess":{}})", 0},
      {json, R"({"partialSuccess":null})", 0},
      {json, R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"m"}})", 2},
      {json, R"({"partial_success":{"rejected_spans":2}})", 2},
      {"application/json; charset=utf-8", R"({"partialSuccess":{"rejectedSpans":2},"x":1})", 2},

      {protobuf, status.SerializeAsString(), std::nullopt},
      {protobuf, codeless.SerializeAsString(), std::nullopt},
      {protobuf, "queued", std::nullopt},
      {protobuf, "\x0a\xff", std::nullopt},
      {protobuf, "{}", std::nullopt},
      {protobuf, kPage, std::nullopt},
      {"", "queued", std::nullopt},
      {"", "a line that is long enough to pass for fields by accident", std::nullopt},
      {"text/plain", "OK", std::nullopt},
      {"text/plain", two.SerializeAsString(), std::nullopt},
      {"application/xml", "<ok/>", std::nullopt},
      {json, R"({"error":"no"})", std::nullopt},
      {json, R"({"error_code":"X","message":"m"})", std::nullopt},
      {json, R"({"code":3,"message":"m"})", std::nullopt},
      {json, R"({"partialSuccess":3})", std::nullopt},
      {json, "[]", std::nullopt},
      {json, "null", std::nullopt},
      {json, "\"OK\"", std::nullopt},
      {json, R"({"partialSuccess":{)", std::nullopt},
      {json, kPage, std::nullopt},
  };
  for (const auto& row : rows) {
    const auto success = parse_success(answer(row.type, row.body));
    ASSERT_EQ(success.has_value(), row.rejected.has_value()) << row.type << ": " << row.body;
    if (success) {
      EXPECT_EQ(success->rejected, *row.rejected) << row.type << ": " << row.body;
    }
  }
}

}  // namespace
}  // namespace dualtrace::agent

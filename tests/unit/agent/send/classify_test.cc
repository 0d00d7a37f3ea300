// SPDX-License-Identifier: Apache-2.0
#include "agent/send/classify.h"

#include <gtest/gtest.h>

#include <set>
#include <span>

#include "agent/send/outcomes.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::agent {
namespace {

using std::chrono::seconds;
using enum OutcomeKind;

const WallTime kNow{seconds(1'700'000'000)};
constexpr uint64_t kSpans = 10;

std::string export_response(int64_t rejected, const std::string& message) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse response;
  response.mutable_partial_success()->set_rejected_spans(rejected);
  response.mutable_partial_success()->set_error_message(message);
  return response.SerializeAsString();
}

std::string retry_info(int64_t delay_seconds) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay_seconds);
  google::rpc::Status status;
  status.add_details()->PackFrom(info);
  return status.SerializeAsString();
}

std::string databricks_error(const std::string& code, const std::string& message) {
  return R"({"error_code":")" + code + R"(","message":")" + message + R"("})";
}

std::string status_in_protobuf(int code, const std::string& message) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(message);
  return status.SerializeAsString();
}
std::string status_in_json(int code, const std::string& message) {
  return R"({"code":)" + std::to_string(code) + R"(,"message":")" + message + R"("})";
}

// The expected outcome. The reason decides whether kRefuse is the destination's verdict or an
// intermediary's.
struct Expected {
  OutcomeKind kind;
  std::string reason;
};

void expect(const Expected& expected, const Outcome& outcome, const std::string& row) {
  EXPECT_EQ(outcome.kind, expected.kind) << row << ": " << to_string(outcome.kind);
  EXPECT_EQ(outcome.reason, expected.reason) << row;
  EXPECT_EQ(outcome.verdict, expected.kind == kRefuse && expected.reason != "ForeignAnswer") << row;
}

constexpr const char* kNoProject =
    "All spans failed. Found 3 errors: rpc error: code = InvalidArgument desc = external_model_id "
    "is required";

TEST(Classify, SaysWhatToDoAboutAProxyThatWantsAPassword) {
  for (const std::string status : {"401", "407"}) {
    const Outcome outcome = classify_arize_grpc(
        {.code = 14, .message = "HTTP proxy returned response code " + status}, kSpans);
    expect({kPause, "Misconfigured"}, outcome, status);
    EXPECT_NE(outcome.message.find(status + "; check proxyAuth"), std::string::npos);
  }
}

TEST(Classify, KnowsEveryGrpcAnswerOfArize) {
  struct Row {
    int code;
    std::string message;
    Expected expected;
  };
  const Row rows[] = {
      {0, "", {kDelivered, ""}},
      {1, "cancelled", {kRetry, "ServerError"}},
      {2, "unknown", {kRetry, "ServerError"}},
      {2, kNoProject, {kRefuse, "MissingProject"}},
      {2, "Stream removed", {kRetry, "ServerError"}},
      {3, "bad attribute", {kRefuse, "InvalidData"}},
      {3, "llm.token_count.total must not be invalid", {kRefuse, "InvalidData"}},
      {3, "whitespace does not exist", {kRefuse, "InvalidData"}},
      {3, "external_model_id is required", {kRefuse, "MissingProject"}},
      {3, "space does not exist", {kPause, "AuthRejected"}},
      {3, "invalid api key", {kPause, "AuthRejected"}},
      {3, "rpc error: code = Unauthenticated desc = no", {kPause, "AuthRejected"}},
      {3, "message size 5 is over the limit", {kSplit, "TooLarge"}},
      {4, "Deadline Exceeded", {kRetry, "Timeout"}},
      {5, "no such thing", {kPause, "Misconfigured"}},
      {6, "already exists", {kRefuse, "ForeignAnswer"}},
      {6, "the token has expired", {kPause, "AuthRejected"}},
      {7, "wrong headers", {kPause, "PermissionDenied"}},
      {8, "grpc: received message larger than max (5 vs. 4)", {kSplit, "TooLarge"}},
      {8,
       "grpc: received message after decompression larger than max (5 vs. 4)",
       {kSplit, "TooLarge"}},
      {8, "gRPC message exceeds maximum size 4194304: 5000000", {kSplit, "TooLarge"}},
      {8, "Received message exceeds the maximum configured message size.", {kSplit, "TooLarge"}},
      {8, "request too large", {kSplit, "TooLarge"}},
      {8, "monthly ingestion limit reached", {kRetry, "QuotaExceeded"}},
      {9, "failed precondition", {kRefuse, "ForeignAnswer"}},
      {10, "aborted", {kRetry, "ServerError"}},
      {11, "out of range", {kRetry, "ServerError"}},
      {11,
       "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes",
       {kSplit, "TooLarge"}},
      {12, "unknown service", {kPause, "Misconfigured"}},
      {13, "internal", {kRetry, "ServerError"}},
      {13, "rpc error: code = InvalidArgument desc = bad", {kRefuse, "InvalidData"}},
      {13, "rpc error: code = InvalidArgument desc = invalid api key", {kPause, "AuthRejected"}},
      {14, "failed to connect to all addresses", {kRetry, "Unreachable"}},
      {14, "HTTP proxy returned response code 403", {kPause, "Misconfigured"}},
      {14, "HTTP proxy returned response code 502", {kRetry, "Unreachable"}},
      {15, "data loss", {kRetry, "ServerError"}},
      {16, "bad key", {kPause, "AuthRejected"}},
      {99, "from the future", {kRetry, "ServerError"}},
  };
  for (const Row& row : rows) {
    const Outcome outcome = classify_arize_grpc({.code = row.code, .message = row.message}, kSpans);
    expect(row.expected, outcome, std::to_string(row.code) + " " + row.message);
    EXPECT_EQ(outcome.message, row.message);
    EXPECT_EQ(outcome.timed_out, row.code == 4) << row.message;
  }
}

// gRPC's core turns an HTTP answer without a grpc-status into a status with an unspecific code.
TEST(Classify, KnowsAProxysHttpAnswerBehindAGrpcStatus) {
  const struct {
    int grpc_code;
    int http_status;
    Expected expected;
  } rows[] = {
      {2, 302, {kPause, "Misconfigured"}},  {13, 400, {kRefuse, "ForeignAnswer"}},
      {16, 401, {kPause, "AuthRejected"}},  {7, 403, {kPause, "PermissionDenied"}},
      {12, 404, {kPause, "Misconfigured"}}, {2, 405, {kPause, "Misconfigured"}},
      {2, 407, {kPause, "Misconfigured"}},  {2, 408, {kRetry, "Timeout"}},
      {2, 409, {kRefuse, "ForeignAnswer"}}, {2, 413, {kSplit, "TooLarge"}},
      {2, 431, {kRefuse, "ForeignAnswer"}}, {14, 429, {kRetry, "Throttled"}},
      {2, 500, {kRetry, "ServerError"}},    {14, 502, {kRetry, "ServerError"}},
      {14, 503, {kRetry, "ServerError"}},   {14, 504, {kRetry, "ServerError"}},
  };
  for (const auto& row : rows) {
    const std::string message =
        "Received http2 header with status: " + std::to_string(row.http_status);
    expect(row.expected, classify_arize_grpc({.code = row.grpc_code, .message = message}, kSpans),
           message);
  }
}

TEST(Classify, TakesNoOwnLimitForTheDestinationsWord) {
  const Outcome ours = classify_arize_grpc(
      {.code = 8, .message = "Received message larger than max (9 vs. 5)", .ours = true}, kSpans);
  expect({kRetry, "AnswerTooLarge"}, ours, "gRPC");
  const std::string body = export_response(2, "two");
  for (const auto& classify : {classify_arize_http, classify_databricks_http}) {
    expect({kRetry, "AnswerTooLarge"},
           classify({.status = 200, .body = body, .cut = true}, kSpans, kNow), "HTTP");
    // A status that refuses anyway is known without the body.
    expect({kPause, "AuthRejected"}, classify({.status = 401, .cut = true}, kSpans, kNow), "401");
  }
  expect({kRetry, "AnswerTooLarge"}, classify_transport({ErrorKind::kExhausted, "too large"}), "");
}

TEST(Classify, DoesNotTakeAGrpcMessageForADeliveryThatItDoesNotSay) {
  for (const std::string& body :
       {std::string("queued"), status_in_protobuf(13, "broken"), std::string("\xff\xff")}) {
    expect({kPause, "ForeignAnswer"}, classify_arize_grpc({.body = body}, kSpans), body);
  }
}

TEST(Classify, KnowsWhenNothingWasSentInTime) {
  const Outcome outcome = classify_arize_grpc({.code = 4, .message = "late", .unsent = true}, 1);
  expect({kRetry, "Unreachable"}, outcome, "");
  EXPECT_FALSE(outcome.timed_out);
}

TEST(Classify, HonoursARetryInfo) {
  for (const int code : {1, 4, 8, 10, 11, 13, 14, 15}) {
    const Outcome outcome = classify_arize_grpc(
        {.code = code, .message = "larger than max", .details = retry_info(9)}, kSpans);
    EXPECT_EQ(outcome.kind, kRetry) << code;
    EXPECT_EQ(outcome.retry_after, seconds(9)) << code;
  }
  EXPECT_EQ(classify_arize_grpc({.code = 8, .details = retry_info(9)}, kSpans).reason, "Throttled");
}

struct HttpRow {
  int status;
  std::string body;
  Expected expected;
  std::string type{};
};

void expect_rows(Outcome (*classify)(const HttpResponse&, uint64_t, WallTime),
                 std::span<const HttpRow> rows) {
  for (const HttpRow& row : rows) {
    HttpResponse response{.status = row.status, .body = row.body};
    if (!row.type.empty()) response.headers = {{"content-type", row.type}};
    expect(row.expected, classify(response, kSpans, kNow),
           std::to_string(row.status) + " " + row.type + " " + row.body);
  }
}

const std::string kProtobuf = "application/x-protobuf";
const std::string kJson = "application/json";
const std::string kHtml = "text/html";
const std::string kPage = "<!DOCTYPE html><html><title>Sign in</title></html>";
const Expected kForeign{kRefuse, "ForeignAnswer"};

// The answers that a destination, or anything in front of it, may send: each row for both.
const HttpRow kAnybody[] = {
    {200, "", {kDelivered, ""}},
    {200, "", {kDelivered, ""}, kHtml},
    {202, "", {kDelivered, ""}},
    {204, "", {kDelivered, ""}},
    {200, "{}", {kDelivered, ""}, kJson},
    {202, "queued", {kPause, "ForeignAnswer"}},
    {200, kPage, {kPause, "ForeignAnswer"}},
    {200, kPage, {kPause, "ForeignAnswer"}, kProtobuf},
    {200, "\xef\xbb\xbf" + kPage, {kPause, "ForeignAnswer"}},
    {200, "<?xml version=\"1.0\"?>\n" + kPage, {kPause, "ForeignAnswer"}, "application/xhtml+xml"},
    {200, "<!-- sso -->\n" + kPage, {kPause, "ForeignAnswer"}, "text/plain"},
    {200, R"({"error":"unknown host"})", {kPause, "ForeignAnswer"}, kJson},
    {200, status_in_json(3, "bad"), {kPause, "ForeignAnswer"}, kJson},
    {200, "OK", {kPause, "ForeignAnswer"}, "text/plain"},
    {302, "", {kPause, "Misconfigured"}},
    {307, kPage, {kPause, "Misconfigured"}, kHtml},
    {400, "", kForeign},
    {400, kPage, kForeign, kHtml},
    {400, "\xef\xbb\xbf" + kPage, kForeign},
    {400, "<!-- x --><html><h1>400 Bad Request</h1></html>", kForeign, kHtml},
    {400, "<html>INVALID_PARAMETER_VALUE code = InvalidArgument</html>", kForeign, kHtml},
    {400, "bad request", kForeign, "text/plain"},
    {400, "bad request", kForeign, kProtobuf},
    {400, R"({"message":"bad request"})", kForeign, kJson},
    {400, R"({"error":"bad request"})", kForeign, kJson},
    {400, R"({"error":{"code":400,"message":"bad request"}})", kForeign, kJson},
    {400, status_in_json(400, "bad request"), kForeign, kJson},
    {400, R"({"error":"invalid_token","error_description":"x"})", {kPause, "AuthRejected"}, kJson},
    {400, "Invalid Token", {kPause, "AuthRejected"}, "text/plain"},
    {401, "", {kPause, "AuthRejected"}},
    {402, "", {kRetry, "QuotaExceeded"}},
    {403, "", {kPause, "PermissionDenied"}},
    {403, kPage, {kPause, "PermissionDenied"}, kHtml},
    {403, "Token is expiring within 30 seconds", {kPause, "AuthRejected"}},
    {404, "", {kPause, "Misconfigured"}},
    {404, kPage, {kPause, "Misconfigured"}, kHtml},
    {405, "", {kPause, "Misconfigured"}},
    {406, "", kForeign},
    {407, "", {kPause, "Misconfigured"}},
    {408, "", {kRetry, "Timeout"}},
    {409, "", kForeign},
    {409, kPage, kForeign, kHtml},
    {410, "", kForeign},
    {411, "", kForeign},
    {413, "", {kSplit, "TooLarge"}},
    {415, "", {kPause, "Misconfigured"}},
    {418, "", kForeign},
    {421, "", kForeign},
    {422, "", kForeign},
    {425, "", {kRetry, "Timeout"}},
    {426, "", kForeign},
    {429, "", {kRetry, "Throttled"}},
    {431, "", kForeign},
    {451, "", kForeign},
    {499, "jwt expired", {kPause, "AuthRejected"}},
    {500, "", {kRetry, "ServerError"}},
    {500, "oops", {kRetry, "ServerError"}},
    {500, "<html>code = InvalidArgument</html>", {kRetry, "ServerError"}, kHtml},
    {501, "", {kPause, "Misconfigured"}},
    {502, "", {kRetry, "ServerError"}},
    {503, "", {kRetry, "ServerError"}},
    {504, "", {kRetry, "ServerError"}},
    {507, "", {kRetry, "ServerError"}},
    {520, kPage, {kRetry, "ServerError"}, kHtml},
};

TEST(Classify, KnowsWhatAnybodyMayAnswer) {
  expect_rows(classify_arize_http, kAnybody);
  expect_rows(classify_databricks_http, kAnybody);
}

TEST(Classify, KnowsEveryHttpAnswerOfArize) {
  const HttpRow rows[] = {
      {400, status_in_protobuf(3, "bad span"), {kRefuse, "InvalidData"}, kProtobuf},
      {400, status_in_protobuf(0, "bad span"), {kRefuse, "InvalidData"}, kProtobuf},
      {400, status_in_json(3, "bad span"), {kRefuse, "InvalidData"}, kJson},
      {422, status_in_json(3, "bad span"), {kRefuse, "InvalidData"}, kJson},
      {400, status_in_protobuf(13, "broken"), kForeign, kProtobuf},
      {400, status_in_protobuf(3, kNoProject), {kRefuse, "MissingProject"}, kProtobuf},
      {400, kNoProject, {kRefuse, "MissingProject"}},
      {400, status_in_protobuf(3, "space does not exist"), {kPause, "AuthRejected"}, kProtobuf},
      {400, status_in_json(3, "Invalid API key"), {kPause, "AuthRejected"}, kJson},
      {400, status_in_protobuf(16, "unauthenticated"), {kPause, "AuthRejected"}, kProtobuf},
      {400, databricks_error("INVALID_PARAMETER_VALUE", "bad"), {kRefuse, "InvalidData"}, kJson},
      {400, databricks_error("SOMETHING_NEW", "bad"), kForeign, kJson},
      {500, kNoProject, {kRefuse, "MissingProject"}},
      {500, "rpc error: code = InvalidArgument desc = x", {kRefuse, "InvalidData"}},
      {500, status_in_protobuf(13, kNoProject), {kRefuse, "MissingProject"}, kProtobuf},
      {503, kNoProject, {kRetry, "ServerError"}},
  };
  expect_rows(classify_arize_http, rows);
}

TEST(Classify, KnowsEveryHttpAnswerOfDatabricks) {
  const HttpRow rows[] = {
      {400, databricks_error("INVALID_PARAMETER_VALUE", "bad input"), {kRefuse, "InvalidData"}},
      {422, databricks_error("INVALID_PARAMETER_VALUE", "bad input"), {kRefuse, "InvalidData"}},
      {400, databricks_error("MALFORMED_REQUEST", "no protobuf"), {kRefuse, "InvalidData"}},
      {400, databricks_error("BAD_REQUEST", "no"), {kRefuse, "InvalidData"}},
      {400,
       databricks_error("INVALID_PARAMETER_VALUE", "http.retry_count in region x is odd"),
       {kRefuse, "InvalidData"}},
      {400, databricks_error("SOMETHING_NEW", "no"), kForeign},
      {400, R"({"error_code":400,"message":"no"})", kForeign},
      {400, status_in_json(3, "bad"), {kRefuse, "InvalidData"}, kJson},
      {400, status_in_protobuf(3, "bad"), {kRefuse, "InvalidData"}, kProtobuf},
      {400, status_in_protobuf(13, "broken"), kForeign, kProtobuf},
      {400, databricks_error("INVALID_PARAMETER_VALUE", "message too large"), {kSplit, "TooLarge"}},
      {400,
       databricks_error("INVALID_PARAMETER_VALUE",
                        "Unsupported table kind. Tables created in default storage are not "
                        "supported. Error Code: 4024"),
       {kPause, "TableUnsupported"}},
      {400,
       databricks_error("INVALID_PARAMETER_VALUE",
                        "Schema validation error: Field flags found in the proto definition, but "
                        "not in the table schema."),
       {kPause, "SchemaMismatch"}},
      {400,
       databricks_error("NOT_FOUND", "Table c.s.t cannot be found."),
       {kPause, "TableMissing"}},
      {400,
       databricks_error("", "Missing authorization details in access token claims"),
       {kPause, "AuthRejected"}},
      {400,
       R"({"error_code":400,"message":"io.jsonwebtoken.ExpiredJwtException: JWT expired at x"})",
       {kPause, "AuthRejected"}},
      {400, R"({"error_code":400,"message":"Invalid Token"})", {kPause, "AuthRejected"}},
      {400, databricks_error("INVALID_TOKEN", "no"), {kPause, "AuthRejected"}},
      {400,
       databricks_error("INVALID_PARAMETER_VALUE", "Invalid access token. [ReqId: 1]"),
       {kPause, "AuthRejected"}},
      {400, databricks_error("PERMISSION_DENIED", "no"), {kPause, "PermissionDenied"}},
      {400,
       databricks_error("TEMPORARILY_UNAVAILABLE", "temporarily unavailable, retry"),
       {kRetry, "ServerError"}},
      {400, databricks_error("BUSY", "retry in a while"), {kRetry, "ServerError"}},
      {400, databricks_error("REQUEST_LIMIT_EXCEEDED", "no"), {kRetry, "Throttled"}},
      {400, databricks_error("RESOURCE_EXHAUSTED", "no"), {kRetry, "Throttled"}},
      {400, databricks_error("BAD_REQUEST", "rate limit"), {kRetry, "Throttled"}},
      {400,
       databricks_error("BAD_REQUEST", "OpenTelemetry is not enabled for this workspace"),
       {kPause, "NotEnabled"}},
      {400,
       R"({"error_code":400,"message":"OpenTelemetry is not enabled for this workspace"})",
       {kPause, "NotEnabled"}},
      {400, databricks_error("FEATURE_DISABLED", "no"), {kPause, "NotEnabled"}},
      {401, databricks_error("", "expired"), {kPause, "AuthRejected"}},
      {404,
       databricks_error("NOT_FOUND", "Table c.s.t cannot be found."),
       {kPause, "TableMissing"}},
      {404,
       databricks_error("ENDPOINT_NOT_FOUND", "No API found for 'POST /2.0/otel'"),
       {kPause, "Misconfigured"}},
      {500, "rpc error: code = InvalidArgument", {kRetry, "ServerError"}},
      {500, databricks_error("INVALID_PARAMETER_VALUE", "x"), {kRetry, "ServerError"}},
      {501, databricks_error("NOT_IMPLEMENTED", "no"), {kPause, "Misconfigured"}},
  };
  expect_rows(classify_databricks_http, rows);
}

TEST(Classify, KnowsTokenTroubleInAnySpelling) {
  for (const char* text :
       {"io.jsonwebtoken.ExpiredJwtException: JWT expired at 2026-01-01T00:00:00Z.",
        "io.jsonwebtoken.MalformedJwtException: JWT strings must contain exactly 2 periods",
        "Invalid Token",
        "INVALID_TOKEN",
        "invalid access token",
        "Token has expired",
        "token_expired",
        "The access token is expired",
        "TokenExpired: token expired",
        "Token is expiring within 30 seconds",
        "the bearer token was revoked",
        "Credential was not sent or was of an unsupported type for this API.",
        "Unauthorized",
        "UNAUTHENTICATED: no",
        "AADSTS700024: client assertion is not within its valid time range",
        "Invalid API-Key",
        "unknown api_key",
        "authentication failed",
        "JWT is invalid",
        "Missing authorization header",
        "invalid_grant"}) {
    EXPECT_TRUE(speaks_of_credentials(text)) << text;
  }
  for (const char* text :
       {"", "bad span", "llm.token_count.prompt is invalid", "invalid tokenizer",
        "unexpected token", "tokens must not be unknown", "Invalid attribute value; see the docs",
        "missing column", "max tokens is wrong", "span kind is invalid"}) {
    EXPECT_FALSE(speaks_of_credentials(text)) << text;
  }
}

TEST(Classify, HonoursARetryAfter) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    const HttpResponse response{.status = status, .headers = {{"retry-after", "3"}}};
    EXPECT_EQ(classify_databricks_http(response, kSpans, kNow).retry_after, seconds(3)) << status;
    EXPECT_EQ(classify_arize_http(response, kSpans, kNow).retry_after, seconds(3)) << status;
  }
}

TEST(Classify, CountsAPartialSuccessAndNeverMoreThanWasSent) {
  for (const auto& [said, counted] : {std::pair(1, 1u), std::pair(10, 10u), std::pair(11, 10u)}) {
    const std::string body = export_response(said, "too long");
    for (const Outcome& outcome :
         {classify_arize_grpc({.body = body}, kSpans),
          classify_arize_http({.status = 200, .body = body}, kSpans, kNow),
          classify_databricks_http({.status = 200, .body = body}, kSpans, kNow)}) {
      EXPECT_EQ(outcome.kind, kPartly);
      EXPECT_EQ(outcome.rejected, counted);
      EXPECT_EQ(outcome.reason, "Rejected");
      EXPECT_EQ(outcome.message, "too long");
    }
  }
}

TEST(Classify, ReadsAPartialSuccessInJson) {
  const auto classify = [](const std::string& body) {
    return classify_arize_http(
        {.status = 200, .headers = {{"content-type", "application/json"}}, .body = body}, kSpans,
        kNow);
  };
  EXPECT_EQ(classify(R"({"partialSuccess":{"rejectedSpans":"2"}})").rejected, 2u);
  EXPECT_EQ(classify(R"({"partialSuccess":{"rejectedSpans":2}})").rejected, 2u);
  EXPECT_EQ(classify(R"({"partialSuccess":{"rejectedSpans":-2}})").kind, kDelivered);
}

TEST(Classify, TakesAWarningForADelivery) {
  for (const int64_t rejected : {0, -5}) {
    const Outcome outcome =
        classify_arize_grpc({.body = export_response(rejected, "deprecated")}, kSpans);
    EXPECT_EQ(outcome.kind, kDelivered);
    EXPECT_EQ(outcome.rejected, 0u);
    EXPECT_EQ(outcome.reason, "");
  }
}

TEST(Classify, RetriesWhatNeverArrived) {
  const Outcome late = classify_transport({ErrorKind::kCancelled, "a:443: no answer in time"});
  EXPECT_EQ(late.kind, kRetry);
  EXPECT_EQ(late.reason, "Timeout");
  EXPECT_TRUE(late.timed_out);
  const Outcome unreachable = classify_transport({ErrorKind::kUnavailable, "a:443: refused"});
  EXPECT_EQ(unreachable.kind, kRetry);
  EXPECT_EQ(unreachable.reason, "Unreachable");
  EXPECT_EQ(unreachable.message, "a:443: refused");
  EXPECT_FALSE(unreachable.timed_out);
}

TEST(Classify, PausesWhatCannotBeSent) {
  expect({kPause, "Misconfigured"}, classify_transport({ErrorKind::kInvalid, "header"}), "");
  expect({kPause, "Misconfigured"}, classify_transport({ErrorKind::kDenied, "proxy: 407"}), "");
  expect({kPause, "Misconfigured"}, classify_misconfigured({ErrorKind::kInvalid, "CA"}), "");
  const Outcome missing = classify_no_key({ErrorKind::kNotFound, "file"});
  EXPECT_EQ(missing.kind, kPause);
  EXPECT_EQ(missing.reason, "CredentialMissing");
}

// All of them: a candidate credential is dropped on these answers, and only on these.
TEST(Classify, KnowsWhichRefusalsAreAboutTheCredential) {
  const std::set<std::string_view> about_it = {"AuthRejected", "PermissionDenied"};
  for (const std::string_view reason : report::kWords<report::PauseReason>) {
    const Outcome paused{.kind = kPause, .reason = std::string(reason)};
    EXPECT_EQ(refuses_credential(paused), about_it.contains(reason)) << reason;
    const Outcome retried{.kind = kRetry, .reason = std::string(reason)};
    EXPECT_FALSE(refuses_credential(retried)) << reason;
  }
  EXPECT_FALSE(refuses_credential({.kind = kPause, .reason = "of a newer version"}));
  EXPECT_TRUE(refuses_credential(classify_arize_grpc({.code = 16}, kSpans)));
  EXPECT_TRUE(refuses_credential(classify_arize_grpc({.code = 7}, kSpans)));
  EXPECT_TRUE(refuses_credential(classify_databricks_http({.status = 401}, kSpans, kNow)));
  EXPECT_TRUE(refuses_credential(classify_databricks_http({.status = 403}, kSpans, kNow)));
  EXPECT_FALSE(refuses_credential(classify_databricks_http({.status = 404}, kSpans, kNow)));
  EXPECT_FALSE(refuses_credential(classify_no_key({ErrorKind::kNotFound, ""})));
}

}  // namespace
}  // namespace dualtrace::agent

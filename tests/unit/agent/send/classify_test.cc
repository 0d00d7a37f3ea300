#include "agent/send/classify.h"

#include <gtest/gtest.h>

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

struct Expected {
  OutcomeKind kind;
  std::string reason;
};

void expect(const Expected& expected, const Outcome& outcome, const std::string& row) {
  EXPECT_EQ(outcome.kind, expected.kind) << row << ": " << to_string(outcome.kind);
  EXPECT_EQ(outcome.reason, expected.reason) << row;
}

constexpr const char* kNoProject =
    "All spans failed. Found 3 errors: rpc error: code = InvalidArgument desc = external_model_id "
    "is required";

TEST(Classify, KnowsEveryGrpcAnswerOfArize) {
  struct Row {
    int code;
    std::string message;
    Expected expected;
  };
  const Row rows[] = {
      {0, "", {kDelivered, ""}},
      {1, "cancelled", {kRetry, "ServerError"}},
      {2, "unknown", {kRetry, "ServerError", true}},
      {2, kNoProject, {kRefuse, "MissingProject"}},
      {2, "Received http2 header with status: 302", {kPause, "Misconfigured"}},
      {2, "Received http2 header with status: 500", {kRetry, "ServerError", true}},
      {3, "bad attribute", {kRefuse, "InvalidData"}},
      {3, "external_model_id is required", {kRefuse, "MissingProject"}},
      {4, "Deadline Exceeded", {kRetry, "Timeout"}},
      {5, "no such thing", {kPause, "Misconfigured"}},
      {6, "already exists", {kRefuse, "InvalidData"}},
      {7, "wrong headers", {kPause, "PermissionDenied"}},
      {8, "grpc: received message larger than max (5 vs. 4)", {kSplit, "TooLarge"}},
      {8, "request too large", {kSplit, "TooLarge"}},
      {8, "monthly ingestion limit reached", {kRetry, "QuotaExceeded"}},
      {9, "failed precondition", {kRefuse, "InvalidData"}},
      {10, "aborted", {kRetry, "ServerError"}},
      {11, "out of range", {kRetry, "ServerError"}},
      {12, "unknown service", {kPause, "Misconfigured"}},
      {13, "internal", {kRetry, "ServerError", true}},
      {13, "rpc error: code = InvalidArgument desc = bad", {kRefuse, "InvalidData"}},
      {14, "failed to connect to all addresses", {kRetry, "Unreachable"}},
      {15, "data loss", {kRetry, "ServerError"}},
      {16, "bad key", {kPause, "AuthRejected"}},
      {99, "from the future", {kRetry, "ServerError", true}},
  };
  for (const Row& row : rows) {
    const Outcome outcome = classify_arize_grpc({.code = row.code, .message = row.message}, kSpans);
    expect(row.expected, outcome, std::to_string(row.code) + " " + row.message);
    EXPECT_EQ(outcome.message, row.message);
  }
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
};

TEST(Classify, KnowsEveryHttpAnswerOfArize) {
  const HttpRow rows[] = {
      {200, "", {kDelivered, ""}},
      {202, "queued", {kDelivered, ""}},
      {200, "<!DOCTYPE html><html>", {kPause, "Misconfigured"}},
      {302, "", {kPause, "Misconfigured"}},
      {400, "bad protobuf", {kRefuse, "InvalidData"}},
      {400, kNoProject, {kRefuse, "MissingProject"}},
      {401, "", {kPause, "AuthRejected"}},
      {402, "", {kRetry, "QuotaExceeded"}},
      {403, "", {kPause, "PermissionDenied"}},
      {404, "", {kPause, "Misconfigured"}},
      {405, "", {kPause, "Misconfigured"}},
      {407, "", {kPause, "Misconfigured"}},
      {408, "", {kRetry, "Timeout"}},
      {409, "", {kRefuse, "InvalidData"}},
      {413, "", {kSplit, "TooLarge"}},
      {415, "", {kPause, "Misconfigured"}},
      {422, "", {kRefuse, "InvalidData"}},
      {429, "", {kRetry, "Throttled"}},
      {500, kNoProject, {kRefuse, "MissingProject"}},
      {500, "code = InvalidArgument desc = x", {kRefuse, "InvalidData"}},
      {500, "oops", {kRetry, "ServerError", true}},
      {501, "", {kPause, "Misconfigured"}},
      {502, "", {kRetry, "ServerError"}},
      {503, "", {kRetry, "ServerError"}},
      {504, "", {kRetry, "ServerError"}},
      {507, "", {kRetry, "ServerError", true}},
      {100, "", {kRetry, "ServerError", true}},
  };
  for (const HttpRow& row : rows) {
    expect(row.expected,
           classify_arize_http({.status = row.status, .body = row.body}, kSpans, kNow),
           std::to_string(row.status) + " " + row.body);
  }
}

TEST(Classify, KnowsEveryHttpAnswerOfDatabricks) {
  const HttpRow rows[] = {
      {200, "", {kDelivered, ""}},
      {200, "<html>log in</html>", {kPause, "Misconfigured"}},
      {303, "", {kPause, "Misconfigured"}},
      {400, databricks_error("INVALID_PARAMETER_VALUE", "bad input"), {kRefuse, "InvalidData"}},
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
       databricks_error("", "Missing authorization details in access token claims"),
       {kPause, "AuthRejected"}},
      {400,
       databricks_error("NOT_FOUND", "Table c.s.t cannot be found."),
       {kPause, "TableMissing"}},
      {401, databricks_error("", "expired"), {kPause, "AuthRejected"}},
      {403,
       databricks_error("", "Token is expiring within 30 seconds"),
       {kPause, "PermissionDenied"}},
      {404,
       databricks_error("NOT_FOUND", "Table c.s.t cannot be found."),
       {kPause, "TableMissing"}},
      {404,
       databricks_error("ENDPOINT_NOT_FOUND", "No API found for 'POST /2.0/otel'"),
       {kPause, "Misconfigured"}},
      {408, "", {kRetry, "Timeout"}},
      {413, "", {kSplit, "TooLarge"}},
      {415, "", {kPause, "Misconfigured"}},
      {422, "", {kRefuse, "InvalidData"}},
      {429, "", {kRetry, "Throttled"}},
      {500, "InvalidArgument", {kRetry, "ServerError", true}},
      {501, databricks_error("NOT_IMPLEMENTED", "no"), {kPause, "Misconfigured"}},
      {502, "", {kRetry, "ServerError"}},
      {503, "", {kRetry, "ServerError"}},
      {504, "", {kRetry, "ServerError"}},
      {520, "", {kRetry, "ServerError", true}},
  };
  for (const HttpRow& row : rows) {
    expect(row.expected,
           classify_databricks_http({.status = row.status, .body = row.body}, kSpans, kNow),
           std::to_string(row.status) + " " + row.body);
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
  EXPECT_EQ(classify(R"({"partialSuccess":[]})").kind, kDelivered);
  EXPECT_EQ(classify("{").kind, kDelivered);
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
  const Outcome unreachable = classify_transport({ErrorKind::kUnavailable, "a:443: refused"});
  EXPECT_EQ(unreachable.kind, kRetry);
  EXPECT_EQ(unreachable.reason, "Unreachable");
  EXPECT_EQ(unreachable.message, "a:443: refused");
}

TEST(Classify, PausesWhatCannotBeSent) {
  EXPECT_EQ(classify_transport({ErrorKind::kInvalid, "header"}).kind, kPause);
  const Outcome missing = classify_missing_credential({ErrorKind::kUnavailable, "file"});
  EXPECT_EQ(missing.kind, kPause);
  EXPECT_EQ(missing.reason, "CredentialMissing");
}

TEST(Classify, KnowsWhichRefusalsAreAboutTheCredential) {
  EXPECT_TRUE(refuses_credential(classify_arize_grpc({.code = 16}, kSpans)));
  EXPECT_TRUE(refuses_credential(classify_arize_grpc({.code = 7}, kSpans)));
  EXPECT_TRUE(refuses_credential(classify_databricks_http({.status = 401}, kSpans, kNow)));
  EXPECT_FALSE(refuses_credential(classify_databricks_http({.status = 404}, kSpans, kNow)));
  EXPECT_FALSE(refuses_credential(classify_missing_credential({})));
}

}  // namespace
}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/reply.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

#include "agent/receive/health.h"

namespace dualtrace::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

google::rpc::Status parsed(const std::string& bytes) {
  google::rpc::Status status;
  EXPECT_TRUE(status.ParseFromString(bytes));
  return status;
}

struct Row {
  ErrorKind kind;
  std::string_view grpc;
  int http;
  bool delayed;
};

TEST(Reply, MapsEveryErrorKind) {
  const Row rows[] = {
      {ErrorKind::kInvalid, "3", 400, false},     {ErrorKind::kNotFound, "12", 404, false},
      {ErrorKind::kExhausted, "8", 413, false},   {ErrorKind::kThrottled, "8", 429, true},
      {ErrorKind::kUnavailable, "14", 503, true}, {ErrorKind::kCancelled, "14", 503, false},
      {ErrorKind::kConflict, "13", 500, false},   {ErrorKind::kCorrupt, "13", 500, false},
      {ErrorKind::kInternal, "13", 500, false},   {ErrorKind::kDenied, "13", 500, false},
      {ErrorKind::kExpired, "13", 500, false}};
  for (const Row& row : rows) {
    const Error error{row.kind, "why", {}};
    const Reply grpc = grpc_error(error);
    EXPECT_EQ(grpc.http_status, 200);
    EXPECT_EQ(grpc.field("grpc-status"), row.grpc) << to_string(row.kind);
    EXPECT_EQ(grpc.field("grpc-message"), "why");
    EXPECT_EQ(!grpc.field("grpc-status-details-bin").empty(), row.delayed);
    EXPECT_TRUE(grpc.body.empty());
    const Reply http = http_error(error, BodyFormat::kProtobuf);
    EXPECT_EQ(http.http_status, row.http);
    EXPECT_EQ(!http.field("retry-after").empty(), row.delayed);
    EXPECT_EQ(std::to_string(parsed(http.body).code()), row.grpc);
  }
}

TEST(Reply, NeverHintsADelayForWhatMustNotBeSentAgain) {
  const Error error{ErrorKind::kExhausted, "too large", seconds(3)};
  EXPECT_TRUE(grpc_error(error).field("grpc-status-details-bin").empty());
  EXPECT_TRUE(http_error(error, BodyFormat::kJson).field("retry-after").empty());
}

TEST(Reply, RoundsRetryAfterUpToWholeSeconds) {
  const auto hint = [](Duration delay) {
    const Error error{ErrorKind::kUnavailable, "busy", delay};
    return std::string(http_error(error, BodyFormat::kJson).field("retry-after"));
  };
  EXPECT_EQ(hint(milliseconds(1)), "1");
  EXPECT_EQ(hint(milliseconds(1500)), "2");
  EXPECT_EQ(hint(seconds(7)), "7");
  EXPECT_EQ(hint(seconds(-1)), "1");
}

TEST(Reply, CarriesRetryInfoInProtobufAndJson) {
  const Error error{ErrorKind::kThrottled, "slow \"down\"", milliseconds(2250)};
  const google::rpc::Status status = parsed(http_error(error, BodyFormat::kProtobuf).body);
  EXPECT_EQ(status.message(), "slow \"down\"");
  ASSERT_EQ(status.details_size(), 1);
  google::rpc::RetryInfo info;
  ASSERT_TRUE(status.details(0).UnpackTo(&info));
  EXPECT_EQ(info.retry_delay().seconds(), 2);
  EXPECT_EQ(info.retry_delay().nanos(), 250'000'000);
  EXPECT_EQ(http_error(error, BodyFormat::kJson).body,
            R"({"code":8,"message":"slow \"down\"","details":[{"@type":)"
            R"("type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2.250s"}]})");
}

TEST(Reply, AnswersInTheTypeOfTheRequest) {
  EXPECT_EQ(http_ok(BodyFormat::kProtobuf).field("content-type"), "application/x-protobuf");
  EXPECT_EQ(http_ok(BodyFormat::kProtobuf).body, "");
  EXPECT_EQ(http_ok(BodyFormat::kJson).field("content-type"), "application/json");
  EXPECT_EQ(http_ok(BodyFormat::kJson).body, "{}");
}

TEST(Reply, FramesAGrpcMessage) {
  const Reply reply = grpc_ok(std::string(258, 'x'));
  EXPECT_EQ(reply.body.substr(0, 5), std::string("\0\0\0\1\2", 5));
  EXPECT_EQ(reply.body.size(), 263u);
  EXPECT_EQ(reply.field("grpc-status"), "0");
}

TEST(Reply, KeepsForeignBytesOutOfHeadersAndMessages) {
  const std::string foreign = "a\r\nb\xff%" + std::string(5000, 'z');
  EXPECT_EQ(percent_encoded(foreign).substr(0, 15), "a%0D%0Ab%FF%25z");
  EXPECT_LT(percent_encoded(foreign).size(), 1100u);
  const RpcStatus status{GrpcCode::kInvalidArgument, foreign};
  EXPECT_EQ(parsed(to_protobuf(status)).message().substr(0, 7), "a??b?%z");
  EXPECT_EQ(to_json(status).substr(0, 30), R"({"code":3,"message":"a??b?%zzz)");
}

TEST(Reply, WritesBase64WithoutPadding) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg");
  EXPECT_EQ(base64("fo"), "Zm8");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg");
}

TEST(HealthReply, KnowsTheServerAndTheTraceService) {
  const auto request = [](const std::string& name) {
    return std::string("\x0a") + static_cast<char>(name.size()) + name;
  };
  const std::string serving("\0\0\0\0\2\x08\x01", 7);
  EXPECT_EQ(health_reply("").body, serving);
  EXPECT_EQ(health_reply(request("")).body, serving);
  EXPECT_EQ(health_reply(request("opentelemetry.proto.collector.trace.v1.TraceService")).body,
            serving);
  EXPECT_EQ(health_reply(request("other")).field("grpc-status"), "5");
  EXPECT_EQ(health_reply("\x0a\x96\x02" + std::string(278, 'x')).field("grpc-status"), "5");
  for (const std::string_view bad :
       {"\x0a", "\x0a\x05x", "\x12\x01x", "\x0a\x80", "\x0a\xff\x01"}) {
    EXPECT_EQ(health_reply(bad).field("grpc-status"), "3");
  }
}

}  // namespace
}  // namespace dualtrace::agent

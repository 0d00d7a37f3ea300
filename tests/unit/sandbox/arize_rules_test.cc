// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/arize_rules.h"

#include <gtest/gtest.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/unit/sandbox/requests.h"

namespace dualtrace::sandbox {
namespace {

const Access kAccess{.arize_api_keys = {{"ak-1"}}, .arize_spaces = {{kSpaceId}}};

HeaderVerdict judge(HttpHeaders headers, Protocol protocol = Protocol::kGrpc) {
  return judge_arize_headers({.protocol = protocol, .headers = std::move(headers)}, kAccess);
}

bool is_let_in(const HeaderVerdict& verdict) { return !verdict.refusal && !verdict.swallow; }

TEST(ArizeRules, TakeTheKeyInAllItsHeaders) {
  EXPECT_TRUE(is_let_in(judge({{"authorization", "ak-1"}, {"arize-space-id", kSpaceId}})));
  EXPECT_TRUE(is_let_in(judge({{"authorization", "Bearer ak-1"}, {"space_id", kSpaceId}})));
  EXPECT_TRUE(is_let_in(judge({{"api_key", "ak-1"}, {"space_id", kSpaceId}})));
  EXPECT_TRUE(is_let_in(judge({{"arize-api-key", "ak-1"}, {"arize-space-id", kSpaceId}})));
}

TEST(ArizeRules, RefuseAMissingOrWrongKeyInBothLanguages) {
  for (const HttpHeaders& headers :
       {HttpHeaders{{"arize-space-id", kSpaceId}},
        HttpHeaders{{"authorization", "ak-2"}, {"arize-space-id", kSpaceId}}}) {
    const auto verdict = judge(headers);
    ASSERT_TRUE(verdict.refusal);
    EXPECT_EQ(verdict.refusal->grpc_code, kGrpcPermissionDenied);
    EXPECT_EQ(verdict.refusal->http_status, 401);
    EXPECT_EQ(verdict.refusal->reason, "unauthenticated");
    EXPECT_EQ(verdict.refusal->message.find("ak-2"), std::string::npos);
  }
}

TEST(ArizeRules, RefuseAForeignOrMissingSpace) {
  const auto foreign = judge({{"authorization", "ak-1"}, {"space_id", "U3BhY2U6OTk5OTphYmNk"}});
  ASSERT_TRUE(foreign.refusal);
  EXPECT_EQ(foreign.refusal->grpc_code, kGrpcPermissionDenied);
  EXPECT_EQ(foreign.refusal->reason, "space");
  EXPECT_TRUE(judge({{"authorization", "ak-1"}}).refusal);
}

TEST(ArizeRules, SwallowWhatIsSentToASpaceByItsName) {
  const auto verdict = judge({{"authorization", "ak-1"}, {"arize-space-id", "my-space"}});
  EXPECT_FALSE(verdict.refusal);
  EXPECT_TRUE(verdict.swallow);
}

TEST(ArizeRules, WantAKnownContentTypeOverHttp) {
  HttpHeaders headers{{"authorization", "ak-1"}, {"arize-space-id", kSpaceId}};
  EXPECT_EQ(judge(headers, Protocol::kHttp).refusal->http_status, 415);
  headers.emplace_back("content-type", "application/json");
  EXPECT_TRUE(is_let_in(judge(headers, Protocol::kHttp)));
}

TEST(ArizeRules, FindTheProjectOnTheResourceOrOnTheSpan) {
  for (const char* key :
       {"openinference.project.name", "arize.project.name", "model_id", "service.name", ""}) {
    RequestProto request;
    ASSERT_TRUE(request.ParseFromString(to_bytes({.project_key = key})));
    const auto& resource = request.resource_spans(0);
    SpanProto span = resource.scope_spans(0).spans(0);
    const bool is_project_key =
        std::string_view(key).ends_with("project.name") || std::string_view(key) == "model_id";
    EXPECT_EQ(names_a_project(resource.resource(), span), is_project_key) << key;
    auto* attribute = span.add_attributes();
    attribute->set_key("arize.project.name");
    attribute->mutable_value()->set_string_value("p");
    EXPECT_TRUE(names_a_project(resource.resource(), span));
  }
}

TEST(ArizeRules, SayInArizesWordsThatTheProjectIsMissing) {
  EXPECT_EQ(missing_project(3).http_status, 500);
  EXPECT_EQ(missing_project(3).message,
            "All spans failed. Found 3 errors: rpc error: code = InvalidArgument desc = "
            "external_model_id is required");
  EXPECT_TRUE(partly_missing_project(2).accepted());
  EXPECT_EQ(partly_missing_project(2).rejected_spans, 2u);
}

}  // namespace
}  // namespace dualtrace::sandbox

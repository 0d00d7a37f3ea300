// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/databricks_rules.h"

#include <gtest/gtest.h>

namespace dualtrace::sandbox {
namespace {

const Access kAccess{.databricks_tokens = {{"token"}},
                     .databricks_tables = {{{"main.traces.spans", "v2"}}}};
const HttpHeaders kGood{{"authorization", "Bearer token"},
                        {"content-type", "application/x-protobuf"},
                        {"x-databricks-uc-table-name", "main.traces.spans"}};

HttpHeaders with(std::string_view name, std::string value) {
  HttpHeaders headers = kGood;
  std::erase_if(headers, [&](const auto& header) { return header.first == name; });
  if (!value.empty()) headers.emplace_back(name, std::move(value));
  return headers;
}

Answer refusal_of(HttpHeaders headers, const Access& access = kAccess) {
  return judge_databricks_headers({.headers = std::move(headers)}, access)
      .refusal.value_or(Answer());
}

TEST(DatabricksRules, LetAGoodRequestInAndSayWhichTableItIsFor) {
  const auto verdict = judge_databricks_headers({.headers = kGood}, kAccess);
  EXPECT_FALSE(verdict.refusal);
  EXPECT_EQ(verdict.table_name, "main.traces.spans");
}

TEST(DatabricksRules, WantAValidBearerToken) {
  EXPECT_EQ(refusal_of(with("authorization", "")).http_status, 401);
  EXPECT_EQ(refusal_of(with("authorization", "token")).http_status, 401);
  EXPECT_EQ(refusal_of(with("authorization", "Bearer old")).http_status, 401);
  EXPECT_EQ(refusal_of(with("authorization", "Bearer old"), {}).http_status, 200);
}

TEST(DatabricksRules, WantTheContentTypeExactly) {
  EXPECT_EQ(refusal_of(with("content-type", "application/json")).http_status, 415);
  EXPECT_EQ(refusal_of(with("content-type", "application/x-protobuf; charset=utf-8")).http_status,
            415);
}

TEST(DatabricksRules, TakeGzipUnlessToldNotTo) {
  Access access = kAccess;
  EXPECT_EQ(refusal_of(with("content-encoding", "gzip"), access).http_status, 200);
  access.databricks_gzip = false;
  EXPECT_EQ(refusal_of(with("content-encoding", "gzip"), access).http_status, 415);
  EXPECT_EQ(refusal_of(with("content-encoding", "identity"), access).http_status, 200);
}

TEST(DatabricksRules, WantAnExistingTable) {
  EXPECT_EQ(refusal_of(with("x-databricks-uc-table-name", "")).http_status, 400);
  EXPECT_EQ(refusal_of(with("x-databricks-uc-table-name", "spans")).http_status, 400);
  const Answer unknown = refusal_of(with("x-databricks-uc-table-name", "main.traces.other"));
  EXPECT_EQ(unknown.http_status, 404);
  EXPECT_EQ(
      databricks_error_body(unknown),
      R"({"error_code":"NOT_FOUND","message":"Table \"main.traces.other\" cannot be found."})");
}

}  // namespace
}  // namespace dualtrace::sandbox

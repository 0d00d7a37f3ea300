// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_error.h"

#include <gtest/gtest.h>

namespace dualtrace::kube {
namespace {

using std::chrono::seconds;

HttpResponse refusal(int code, const Json& status_fields) {
  Json status = {{"kind", "Status"}, {"apiVersion", "v1"}, {"code", code}};
  status.update(status_fields);
  return {.status = code, .headers = {}, .body = to_text(status)};
}

Error apply_error(const HttpResponse& response, const ResourceType& type = kDaemonSets) {
  return error_of({"apply", type, "a/b"}, response);
}

TEST(ApiError, MapsEveryCodeToWhatTheCallerMayDo) {
  const std::pair<int, ErrorKind> rows[] = {
      {400, ErrorKind::kInvalid},     {401, ErrorKind::kDenied},
      {403, ErrorKind::kDenied},      {404, ErrorKind::kNotFound},
      {405, ErrorKind::kInvalid},     {406, ErrorKind::kInvalid},
      {409, ErrorKind::kConflict},    {410, ErrorKind::kExpired},
      {413, ErrorKind::kExhausted},   {415, ErrorKind::kInvalid},
      {422, ErrorKind::kInvalid},     {429, ErrorKind::kThrottled},
      {500, ErrorKind::kUnavailable}, {503, ErrorKind::kUnavailable},
      {504, ErrorKind::kUnavailable}, {302, ErrorKind::kInternal}};
  for (const auto& [code, kind] : rows) {
    EXPECT_EQ(apply_error(refusal(code, {{"message", "why"}})),
              (Error{kind, "apply daemonsets a/b: why"}))
        << code;
    // A proxy's page instead of a Status.
    const Error bare = apply_error({.status = code, .headers = {}, .body = "<html>"});
    EXPECT_EQ(bare, (Error{kind, "apply daemonsets a/b: HTTP " + std::to_string(code)}));
  }
}

TEST(ApiError, NamesTheFieldsOfARefusal) {
  const Json causes = {
      {{"reason", "FieldValueRequired"}, {"message", "Required value"}, {"field", "spec.template"}},
      {{"reason", "FieldValueInvalid"},
       {"message", "Invalid value: \"x\": no such thing"},
       {"field", "<nil>"}}};
  const HttpResponse response =
      refusal(422, {{"message", "DaemonSet \"b\" is invalid: [spec.template…]"},
                    {"details", {{"causes", causes}}}});
  EXPECT_EQ(apply_error(response).message,
            "apply daemonsets a/b: spec.template: Required value; "
            "(whole object): Invalid value: \"x\": no such thing");
}

TEST(ApiError, SaysNothingOfWhatIsInASecret) {
  const Json causes = {{{"reason", "FieldValueInvalid"},
                        {"message", "Invalid value: \"hunter2\""},
                        {"field", "data[k]"}}};
  const Error with_causes = apply_error(
      refusal(422, {{"message", "hunter2"}, {"details", {{"causes", causes}}}}), kSecrets);
  EXPECT_EQ(with_causes.message, "apply secrets a/b: data[k]: FieldValueInvalid");
  const Error without = apply_error(
      refusal(400, {{"message", "cannot decode hunter2"}, {"reason", "BadRequest"}}), kSecrets);
  EXPECT_EQ(without.message, "apply secrets a/b: BadRequest");
}

TEST(ApiError, CutsWhatIsTooLong) {
  Json causes = Json::array();
  for (int i = 0; i < 20; ++i) {
    causes.push_back({{"message", std::string(10'000, 'x')}, {"field", "f" + std::to_string(i)}});
  }
  const Error many = apply_error(refusal(422, {{"details", {{"causes", causes}}}}));
  EXPECT_LT(many.message.size(), 3000U);
  EXPECT_TRUE(many.message.ends_with("; and 12 more")) << many.message;
  std::string umlauts = "x";
  while (umlauts.size() < 1000) umlauts += "ü";
  const Error cut = apply_error(refusal(403, {{"message", umlauts}}));
  EXPECT_TRUE(cut.message.ends_with("ü…"));
}

TEST(ApiError, TakesAFieldThatTheSchemaDoesNotHaveForInvalid) {
  const Error error =
      apply_error(refusal(500, {{"message",
                                 "failed to create typed patch object (a/b): .spec.x: field not "
                                 "declared in schema"}}));
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_NE(error.message.find(".spec.x"), std::string::npos);
}

TEST(ApiError, TakesWhatWasStoredWithAnotherTypeForInvalid) {
  const Error error = apply_error(
      refusal(500, {{"message",
                     "failed to create typed live object (a/b; dualtrace.dev/v1alpha1, "
                     "Kind=DualTraceExport): .spec.arize: expected map, got &{otlp.e}"}}));
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
}

TEST(ApiError, KeepsHowLongToWait) {
  const HttpResponse told = refusal(429, {{"details", {{"retryAfterSeconds", 7}}}});
  EXPECT_EQ(apply_error(told).retry_after, seconds(7));
  HttpResponse both = told;
  both.headers = {{"retry-after", "3"}};
  EXPECT_EQ(apply_error(both).retry_after, seconds(3));
  EXPECT_EQ(apply_error(refusal(503, Json::object())).retry_after, std::nullopt);
  const auto header = [](const std::string& value) {
    return retry_after_of({.status = 429, .headers = {{"retry-after", value}}, .body = {}});
  };
  EXPECT_EQ(header("0"), seconds(0));
  EXPECT_EQ(header("1000000"), std::chrono::hours(1));
  EXPECT_EQ(header("Wed, 21 Oct 2026 07:28:00 GMT"), std::nullopt);
  EXPECT_EQ(header("-1"), std::nullopt);
  EXPECT_EQ(header(""), std::nullopt);
}

}  // namespace
}  // namespace dualtrace::kube

// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/admission_review.h"

#include <gtest/gtest.h>

#include "common/bytes/base64.h"

namespace dualtrace::ctl {
namespace {

Json review() {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", "0b4a"},
            {"operation", "CREATE"},
            {"namespace", "shop"},
            {"name", "web"},
            {"dryRun", true},
            {"object", {{"kind", "Pod"}, {"metadata", {{"name", "web"}}}}},
            {"oldObject", nullptr}}}};
}

std::string fault_of(const Json& value) {
  const auto parsed = parse_review(value.dump());
  return parsed ? "" : parsed.error().message;
}

Json response_of(const AdmissionAnswer& answer) {
  return parse_json(render_answer("u", answer)).value().at("response");
}

TEST(AdmissionReview, IsReadWhole) {
  const auto request = parse_review(review().dump());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->uid, "0b4a");
  EXPECT_EQ(request->operation, "CREATE");
  EXPECT_EQ(request->key, (kube::ObjectKey{"shop", "web"}));
  EXPECT_TRUE(request->dry_run);
  EXPECT_EQ(text_at(request->object, {"metadata", "name"}), "web");
  EXPECT_TRUE(request->old_object.is_null());
}

TEST(AdmissionReview, MayHaveNoNameYet) {
  Json generated = review();
  generated["request"].erase("name");
  generated["request"].erase("dryRun");
  const auto request = parse_review(generated.dump());
  ASSERT_TRUE(request);
  EXPECT_EQ(request->key, (kube::ObjectKey{"shop", ""}));
  EXPECT_FALSE(request->dry_run);
}

TEST(AdmissionReview, OfARemovalHasTheOldObjectOnly) {
  Json removal = review();
  removal["request"]["operation"] = "DELETE";
  std::swap(removal["request"]["object"], removal["request"]["oldObject"]);
  const auto request = parse_review(removal.dump());
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->object.is_null());
  EXPECT_EQ(text_at(request->old_object, {"kind"}), "Pod");
}

TEST(AdmissionReview, SaysWhatIsWrongWithIt) {
  const auto with = [](const char* name, const Json& value) {
    Json changed = review();
    changed["request"][name] = value;
    return changed;
  };
  EXPECT_EQ(parse_review("{").error().message, "not JSON");
  EXPECT_EQ(fault_of(Json::array()), "apiVersion: expected admission.k8s.io/v1");
  Json other = review();
  other["apiVersion"] = "admission.k8s.io/v1beta1";
  EXPECT_EQ(fault_of(other), "apiVersion: expected admission.k8s.io/v1");
  other = review();
  other["kind"] = "Pod";
  EXPECT_EQ(fault_of(other), "kind: expected AdmissionReview");
  other = review();
  other["request"] = 1;
  EXPECT_EQ(fault_of(other), "request: expected an object");
  EXPECT_EQ(fault_of(with("uid", "")), "request.uid: expected 1 to 128 bytes");
  EXPECT_EQ(fault_of(with("uid", std::string(129, 'u'))), "request.uid: expected 1 to 128 bytes");
  EXPECT_EQ(fault_of(with("operation", "create")),
            "request.operation: expected CREATE, UPDATE, DELETE or CONNECT");
  EXPECT_EQ(fault_of(with("namespace", std::string(254, 'n'))),
            "request.namespace: expected at most 253 bytes");
  EXPECT_EQ(fault_of(with("name", std::string(254, 'n'))),
            "request.name: expected at most 253 bytes");
  EXPECT_EQ(fault_of(with("object", nullptr)),
            "request.object: expected the object that is written");
  EXPECT_EQ(fault_of(with("object", "pod")), "request.object: expected an object");
  EXPECT_EQ(fault_of(with("oldObject", 7)), "request.oldObject: expected an object");
}

// A recursive copy of a million levels would overflow the stack.
TEST(AdmissionReview, MayNotNestWithoutEnd) {
  constexpr size_t kLevels = 1'000'000;
  const std::string deep = std::string(kLevels, '[') + std::string(kLevels, ']');
  EXPECT_EQ(parse_review(deep).error().message, "nested more than 100 levels deep");
  Json quoted = review();
  quoted["request"]["object"]["note"] = std::string(200, '[') + "\\\"" + std::string(200, '{');
  EXPECT_EQ(fault_of(quoted), "");
}

TEST(AdmissionAnswer, AllowsWithoutAnyChange) {
  EXPECT_EQ(render_answer("u", {}),
            R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",)"
            R"("response":{"allowed":true,"uid":"u"}})");
}

TEST(AdmissionAnswer, HasPatchAndPatchTypeTogether) {
  const Json patch = Json::array({{{"op", "add"}, {"path", "/metadata/x"}, {"value", 1}}});
  const Json response = response_of({.patch = patch});
  EXPECT_EQ(response.at("patchType"), "JSONPatch");
  const auto bytes = decode_base64(response.at("patch").get<std::string>());
  ASSERT_TRUE(bytes);
  EXPECT_EQ(parse_json(*bytes).value(), patch);
}

TEST(AdmissionAnswer, KeepsWarningsShortAndOnOneLine) {
  AdmissionAnswer answer{.warnings = {"a\nb", std::string(255, 'x') + "é", std::string(256, 'y')}};
  Json response = response_of(answer);
  EXPECT_EQ(response.at("warnings").at(0), "a b");
  EXPECT_EQ(response.at("warnings").at(1), std::string(253, 'x') + "…");
  EXPECT_EQ(response.at("warnings").at(2), std::string(256, 'y'));
  std::string cyrillic;
  for (int i = 0; i < 140; ++i) cyrillic += "д";
  answer.warnings.assign(20, cyrillic);
  response = response_of(answer);
  EXPECT_EQ(response.at("warnings").size(), 16);
  EXPECT_EQ(response.at("warnings").at(0), cyrillic.substr(0, 252) + "…");
}

TEST(AdmissionAnswer, CarriesAuditAnnotations) {
  const Json response = response_of({.audit_annotations = {{"export", "a/b"}}});
  EXPECT_EQ(response.at("auditAnnotations"), (Json{{"export", "a/b"}}));
}

}  // namespace
}  // namespace dualtrace::ctl

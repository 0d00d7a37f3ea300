// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/admission_review.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/bytes/ascii.h"
#include "common/bytes/base64.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kApiVersion = "admission.k8s.io/v1";
constexpr std::string_view kKind = "AdmissionReview";
constexpr std::array<std::string_view, 4> kOperations{"CREATE", "UPDATE", "DELETE", "CONNECT"};
constexpr size_t kUidBytesMax = 128;
constexpr size_t kNameBytesMax = 253;
constexpr int kDepthMax = 100;
constexpr size_t kWarningsMax = 16;
constexpr size_t kWarningBytesMax = 256;  // the API server cuts longer ones to 256 characters
constexpr std::string_view kCut = "…";

// Parsing does not recurse, but copying and writing do.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kDepthMax) return true;
  }
  return false;
}

Failure expected(std::string_view field, std::string_view what) {
  return fail(ErrorKind::kInvalid, std::string(field).append(": expected ").append(what));
}

// Null and missing are the same; any other value that is not an object is a fault.
Result<Json> object_at(const Json& request, std::string_view name) {
  const Json* found = find(request, {name});
  if (found == nullptr || found->is_null()) return Json();
  if (!found->is_object()) return expected(std::string("request.").append(name), "an object");
  return *found;
}

Result<std::string> name_at(const Json& request, std::string_view name) {
  const std::string_view text = text_at(request, {name});
  if (text.size() > kNameBytesMax) {
    return expected(std::string("request.").append(name), "at most 253 bytes");
  }
  return std::string(text);
}

// One line, because it becomes an HTTP header of the API server's answer; cut between two UTF-8
// characters.
std::string warning_text(std::string text) {
  std::ranges::replace_if(text, is_control, ' ');
  if (text.size() <= kWarningBytesMax) return text;
  size_t end = kWarningBytesMax - kCut.size();
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end).append(kCut);
}

}  // namespace

Result<AdmissionRequest> parse_review(std::string_view body) {
  if (too_deep(body)) return fail(ErrorKind::kInvalid, "nested more than 100 levels deep");
  const auto review = parse_json(body);
  if (!review) return fail(review.error());
  if (text_at(*review, {"apiVersion"}) != kApiVersion) return expected("apiVersion", kApiVersion);
  if (text_at(*review, {"kind"}) != kKind) return expected("kind", kKind);
  const Json* asked = find(*review, {"request"});
  if (asked == nullptr || !asked->is_object()) return expected("request", "an object");
  const std::string_view uid = text_at(*asked, {"uid"});
  if (uid.empty() || uid.size() > kUidBytesMax) return expected("request.uid", "1 to 128 bytes");
  const std::string_view operation = text_at(*asked, {"operation"});
  if (std::ranges::find(kOperations, operation) == kOperations.end()) {
    return expected("request.operation", "CREATE, UPDATE, DELETE or CONNECT");
  }
  AdmissionRequest request{.uid = std::string(uid), .operation = std::string(operation), .key = {}};
  auto space = name_at(*asked, "namespace");
  if (!space) return fail(space.error());
  auto name = name_at(*asked, "name");
  if (!name) return fail(name.error());
  request.key = {.namespace_name = *std::move(space), .name = *std::move(name)};
  const Json* dry_run = find(*asked, {"dryRun"});
  request.dry_run = dry_run != nullptr && *dry_run == true;
  auto object = object_at(*asked, "object");
  if (!object) return fail(object.error());
  request.object = *std::move(object);
  if (request.object.is_null() && (operation == "CREATE" || operation == "UPDATE")) {
    return expected("request.object", "the object that is written");
  }
  auto old_object = object_at(*asked, "oldObject");
  if (!old_object) return fail(old_object.error());
  request.old_object = *std::move(old_object);
  return request;
}

std::string render_answer(const std::string& uid, const AdmissionAnswer& answer) {
  Json response{{"uid", uid}, {"allowed", true}};
  if (!answer.patch.empty()) {
    response["patchType"] = "JSONPatch";
    response["patch"] = encode_base64(to_text(answer.patch));
  }
  if (!answer.warnings.empty()) {
    Json& warnings = response["warnings"] = Json::array();
    const size_t count = std::min(answer.warnings.size(), kWarningsMax);
    for (size_t i = 0; i < count; ++i) warnings.push_back(warning_text(answer.warnings[i]));
  }
  if (!answer.audit_annotations.empty()) response["auditAnnotations"] = answer.audit_annotations;
  return to_text({{"apiVersion", kApiVersion}, {"kind", kKind}, {"response", std::move(response)}});
}

}  // namespace dualtrace::ctl

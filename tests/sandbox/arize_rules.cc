// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/arize_rules.h"

#include <openssl/evp.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::sandbox {
namespace {

constexpr std::string_view kMissingProject =
    "rpc error: code = InvalidArgument desc = external_model_id is required";

std::string_view first_header(const Arrival& arrival,
                              std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (const auto value = arrival.header(name); !value.empty()) return value;
  return {};
}

std::string_view without_bearer(std::string_view value) {
  constexpr std::string_view kBearer = "Bearer ";
  if (value.starts_with(kBearer)) value.remove_prefix(kBearer.size());
  return value;
}

// An id is base64 of "Space:…"; anything else is treated as a name.
bool is_space_id(std::string_view space) {
  if (space.size() % 4 != 0) return false;
  std::string plain(space.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(plain.data()),
                                     reinterpret_cast<const unsigned char*>(space.data()),
                                     static_cast<int>(space.size()));
  return length > 0 && plain.starts_with("Space:");
}

bool has_text(const google::protobuf::RepeatedPtrField<opentelemetry::proto::common::v1::KeyValue>&
                  attributes,
              std::initializer_list<std::string_view> keys) {
  for (const auto& attribute : attributes)
    for (const std::string_view key : keys)
      if (attribute.key() == key && !attribute.value().string_value().empty()) return true;
  return false;
}

std::string errors_text(uint64_t spans) {
  return "Found " + std::to_string(spans) + " errors: " + std::string(kMissingProject);
}

}  // namespace

std::string arize_api_key(const Arrival& arrival) {
  return std::string(
      without_bearer(first_header(arrival, {"authorization", "api_key", "arize-api-key"})));
}

HeaderVerdict judge_arize_headers(const Arrival& arrival, const Access& access) {
  const std::string key = arize_api_key(arrival);
  if (key.empty() || (access.arize_api_keys && !access.arize_api_keys->contains(key)))
    return {.refusal = refusal("unauthenticated", 401, kGrpcPermissionDenied,
                               key.empty() ? "no API key was sent" : "the API key is not valid")};
  const std::string space(first_header(arrival, {"arize-space-id", "space_id"}));
  if (space.empty())
    return {.refusal = refusal("space", 403, kGrpcPermissionDenied, "no space id was sent")};
  if (!is_space_id(space)) return {.swallow = true};
  if (access.arize_spaces && !access.arize_spaces->contains(space))
    return {.refusal = refusal("space", 403, kGrpcPermissionDenied,
                               "the API key is not allowed for the space")};
  if (arrival.protocol == Protocol::kGrpc) return {};
  const std::string_view type = arrival.header("content-type");
  if (type != "application/x-protobuf" && type != "application/json")
    return {.refusal =
                refusal("content_type", 415, kGrpcInvalidArgument,
                        "the content type is not application/x-protobuf or application/json")};
  return {};
}

bool names_a_project(const ResourceProto& resource, const SpanProto& span) {
  return has_text(resource.attributes(),
                  {"openinference.project.name", "arize.project.name", "model_id"}) ||
         has_text(span.attributes(), {"arize.project.name"});
}

Answer missing_project(uint64_t spans) {
  return refusal("missing_project", 500, kGrpcInvalidArgument,
                 "All spans failed. " + errors_text(spans));
}

Answer partly_missing_project(uint64_t spans) {
  Answer answer;
  answer.rejected_spans = spans;
  answer.message = errors_text(spans);
  return answer;
}

}  // namespace dualtrace::sandbox

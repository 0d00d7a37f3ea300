// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/span_row.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cmath>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;
namespace otlp = opentelemetry::proto;
using Attributes = google::protobuf::RepeatedPtrField<otlp::common::v1::KeyValue>;

std::string base64(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(length);
  return text;
}

json to_json(const Attributes& attributes);

json to_json(const otlp::common::v1::AnyValue& value) {
  using Value = otlp::common::v1::AnyValue;
  switch (value.value_case()) {
    case Value::kStringValue:
      return value.string_value();
    case Value::kBoolValue:
      return value.bool_value();
    case Value::kIntValue:
      return value.int_value();
    case Value::kDoubleValue:
      if (std::isfinite(value.double_value())) return value.double_value();
      return std::to_string(value.double_value());
    case Value::kArrayValue: {
      json list = json::array();
      for (const auto& element : value.array_value().values()) list.push_back(to_json(element));
      return list;
    }
    case Value::kKvlistValue:
      return to_json(value.kvlist_value().values());
    case Value::kBytesValue:
      return base64(value.bytes_value());
    default:
      return nullptr;
  }
}

json to_json(const Attributes& attributes) {
  json object = json::object();
  for (const auto& attribute : attributes) object[attribute.key()] = to_json(attribute.value());
  return object;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string events_json(const SpanProto& span) {
  json list = json::array();
  for (const auto& event : span.events()) {
    list.push_back({{"time_unix_nano", event.time_unix_nano()},
                    {"name", event.name()},
                    {"attributes", to_json(event.attributes())},
                    {"dropped_attributes_count", event.dropped_attributes_count()}});
  }
  return dump(list);
}

std::string links_json(const SpanProto& span) {
  json list = json::array();
  for (const auto& link : span.links()) {
    list.push_back({{"trace_id", hex(link.trace_id())},
                    {"span_id", hex(link.span_id())},
                    {"trace_state", link.trace_state()},
                    {"attributes", to_json(link.attributes())},
                    {"dropped_attributes_count", link.dropped_attributes_count()},
                    {"flags", link.flags()}});
  }
  return dump(list);
}

std::string status_json(const SpanProto& span) {
  return dump({{"message", span.status().message()},
               {"code", otlp::trace::v1::Status::StatusCode_Name(span.status().code())}});
}

std::shared_ptr<const SpanSurroundings> surroundings_of(
    const otlp::trace::v1::ResourceSpans& resource, const otlp::trace::v1::ScopeSpans& scope) {
  auto result = std::make_shared<SpanSurroundings>();
  for (const auto& attribute : resource.resource().attributes())
    if (attribute.key() == "service.name") result->service_name = attribute.value().string_value();
  result->resource =
      dump({{"attributes", to_json(resource.resource().attributes())},
            {"dropped_attributes_count", resource.resource().dropped_attributes_count()}});
  result->resource_schema_url = resource.schema_url();
  result->span_schema_url = scope.schema_url();
  result->instrumentation_scope =
      dump({{"name", scope.scope().name()},
            {"version", scope.scope().version()},
            {"attributes", to_json(scope.scope().attributes())},
            {"dropped_attributes_count", scope.scope().dropped_attributes_count()}});
  return result;
}

SpanRow to_row(const SpanProto& span, std::shared_ptr<const SpanSurroundings> surroundings) {
  SpanRow row;
  row.trace_id = hex(span.trace_id());
  row.span_id = hex(span.span_id());
  row.parent_span_id = hex(span.parent_span_id());
  row.trace_state = span.trace_state();
  row.flags = span.flags();
  row.name = span.name();
  row.kind = SpanProto::SpanKind_Name(span.kind());
  row.start_time_unix_nano = static_cast<int64_t>(span.start_time_unix_nano());
  row.end_time_unix_nano = static_cast<int64_t>(span.end_time_unix_nano());
  row.attributes = dump(to_json(span.attributes()));
  row.dropped_attributes_count = span.dropped_attributes_count();
  row.events = events_json(span);
  row.dropped_events_count = span.dropped_events_count();
  row.links = links_json(span);
  row.dropped_links_count = span.dropped_links_count();
  row.status = status_json(span);
  row.surroundings = std::move(surroundings);
  const std::string bytes = span.SerializeAsString();
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), row.sha256.data());
  return row;
}

}  // namespace

std::vector<SpanRow> to_rows(const RequestProto& request, const SpanPredicate& wanted) {
  std::vector<SpanRow> rows;
  for (const auto& resource : request.resource_spans()) {
    for (const auto& scope : resource.scope_spans()) {
      std::shared_ptr<const SpanSurroundings> surroundings;
      for (const auto& span : scope.spans()) {
        if (!wanted(resource.resource(), span)) continue;
        if (!surroundings) surroundings = surroundings_of(resource, scope);
        rows.push_back(to_row(span, surroundings));
      }
    }
  }
  return rows;
}

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  return text;
}

std::string utc_text(int64_t unix_nanos) {
  const std::time_t seconds = unix_nanos / 1'000'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%06dZ",
                static_cast<int>(unix_nanos / 1000 % 1'000'000));
  return text;
}

}  // namespace dualtrace::sandbox

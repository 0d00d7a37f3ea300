// SPDX-License-Identifier: Apache-2.0
#pragma once
// SpanRow: one span as a row of the table `spans`, with the column names and formats of Unity
// Catalog's schema v2: ids in lower-case hex, enums by name, attribute bags as JSON objects whose
// values keep their types (bytes as base64, a double that is not finite as a string).
// Immutable once created.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace opentelemetry::proto {
namespace collector::trace::v1 {
class ExportTraceServiceRequest;
}
namespace resource::v1 {
class Resource;
}
namespace trace::v1 {
class Span;
}
}  // namespace opentelemetry::proto

namespace dualtrace::sandbox {

// The fields that all spans of a ScopeSpans share.
struct SpanSurroundings {
  std::string service_name{};
  std::string resource{};  // JSON
  std::string resource_schema_url{};
  std::string span_schema_url{};
  std::string instrumentation_scope{};  // JSON
};

struct SpanRow {
  std::string trace_id{};
  std::string span_id{};
  std::string parent_span_id{};
  std::string trace_state{};
  uint32_t flags = 0;
  std::string name{};
  std::string kind{};
  int64_t start_time_unix_nano = 0;
  int64_t end_time_unix_nano = 0;
  std::string attributes{};  // JSON
  uint32_t dropped_attributes_count = 0;
  std::string events{};  // JSON
  uint32_t dropped_events_count = 0;
  std::string links{};  // JSON
  uint32_t dropped_links_count = 0;
  std::string status{};  // JSON
  std::shared_ptr<const SpanSurroundings> surroundings{};

  std::array<unsigned char, 32> sha256{};  // of the serialized Span: equal means an exact duplicate
};

using ResourceProto = opentelemetry::proto::resource::v1::Resource;
using SpanProto = opentelemetry::proto::trace::v1::Span;
using RequestProto = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

using SpanPredicate = std::function<bool(const ResourceProto&, const SpanProto&)>;

// The rows of the spans for which `wanted` is true, in the order of the request.
[[nodiscard]] std::vector<SpanRow> to_rows(const RequestProto& request,
                                           const SpanPredicate& wanted);

[[nodiscard]] std::string hex(std::string_view bytes);
// "2026-01-31T23:59:59.000001Z", microseconds as in Unity Catalog
[[nodiscard]] std::string utc_text(int64_t unix_nanos);

}  // namespace dualtrace::sandbox

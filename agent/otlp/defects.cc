// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/defects.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {
namespace {

// The depth limit of protobuf's own parsers; a span is at the third level of its request.
constexpr size_t kDepthMax = 100;
constexpr size_t kSpanDepth = 3;

enum class Kind {
  kVarint,
  kFixed64,
  kFixed32,
  kBytes,
  kText,
  kTraceId,
  kSpanId,
  kParentSpanId,
  // Messages.
  kKeyValue,
  kAnyValue,
  kArrayValue,
  kKeyValueList,
  kEntityRef,
  kResource,
  kScope,
  kEvent,
  kLink,
  kStatus,
  kSpan,
};

struct Field {
  uint32_t number;
  Kind kind;
  const char* name;
};

constexpr std::array kKeyValueFields{Field{1, Kind::kText, "key"},
                                     Field{2, Kind::kAnyValue, "value"},
                                     Field{3, Kind::kVarint, "key_strindex"}};
constexpr std::array kAnyValueFields{
    Field{1, Kind::kText, "string_value"},      Field{2, Kind::kVarint, "bool_value"},
    Field{3, Kind::kVarint, "int_value"},       Field{4, Kind::kFixed64, "double_value"},
    Field{5, Kind::kArrayValue, "array_value"}, Field{6, Kind::kKeyValueList, "kvlist_value"},
    Field{7, Kind::kBytes, "bytes_value"},      Field{8, Kind::kVarint, "string_value_strindex"}};
constexpr std::array kArrayValueFields{Field{1, Kind::kAnyValue, "values"}};
constexpr std::array kKeyValueListFields{Field{1, Kind::kKeyValue, "values"}};
constexpr std::array kEntityRefFields{
    Field{1, Kind::kText, "schema_url"}, Field{2, Kind::kText, "type"},
    Field{3, Kind::kText, "id_keys"}, Field{4, Kind::kText, "description_keys"}};
constexpr std::array kResourceFields{Field{1, Kind::kKeyValue, "attributes"},
                                     Field{2, Kind::kVarint, "dropped_attributes_count"},
                                     Field{3, Kind::kEntityRef, "entity_refs"}};
constexpr std::array kScopeFields{Field{1, Kind::kText, "name"}, Field{2, Kind::kText, "version"},
                                  Field{3, Kind::kKeyValue, "attributes"},
                                  Field{4, Kind::kVarint, "dropped_attributes_count"}};
constexpr std::array kEventFields{
    Field{1, Kind::kFixed64, "time_unix_nano"}, Field{2, Kind::kText, "name"},
    Field{3, Kind::kKeyValue, "attributes"}, Field{4, Kind::kVarint, "dropped_attributes_count"}};
constexpr std::array kLinkFields{Field{1, Kind::kTraceId, "trace_id"},
                                 Field{2, Kind::kSpanId, "span_id"},
                                 Field{3, Kind::kText, "trace_state"},
                                 Field{4, Kind::kKeyValue, "attributes"},
                                 Field{5, Kind::kVarint, "dropped_attributes_count"},
                                 Field{6, Kind::kFixed32, "flags"}};
constexpr std::array kStatusFields{Field{2, Kind::kText, "message"},
                                   Field{3, Kind::kVarint, "code"}};
constexpr std::array kSpanFields{Field{1, Kind::kTraceId, "trace_id"},
                                 Field{2, Kind::kSpanId, "span_id"},
                                 Field{3, Kind::kText, "trace_state"},
                                 Field{4, Kind::kParentSpanId, "parent_span_id"},
                                 Field{5, Kind::kText, "name"},
                                 Field{6, Kind::kVarint, "kind"},
                                 Field{7, Kind::kFixed64, "start_time_unix_nano"},
                                 Field{8, Kind::kFixed64, "end_time_unix_nano"},
                                 Field{9, Kind::kKeyValue, "attributes"},
                                 Field{10, Kind::kVarint, "dropped_attributes_count"},
                                 Field{11, Kind::kEvent, "events"},
                                 Field{12, Kind::kVarint, "dropped_events_count"},
                                 Field{13, Kind::kLink, "links"},
                                 Field{14, Kind::kVarint, "dropped_links_count"},
                                 Field{15, Kind::kStatus, "status"},
                                 Field{16, Kind::kFixed32, "flags"}};

std::span<const Field> fields_of(Kind message) {
  switch (message) {
    case Kind::kKeyValue:
      return kKeyValueFields;
    case Kind::kAnyValue:
      return kAnyValueFields;
    case Kind::kArrayValue:
      return kArrayValueFields;
    case Kind::kKeyValueList:
      return kKeyValueListFields;
    case Kind::kEntityRef:
      return kEntityRefFields;
    case Kind::kResource:
      return kResourceFields;
    case Kind::kScope:
      return kScopeFields;
    case Kind::kEvent:
      return kEventFields;
    case Kind::kLink:
      return kLinkFields;
    case Kind::kStatus:
      return kStatusFields;
    case Kind::kSpan:
      return kSpanFields;
    default:
      return {};
  }
}

WireType wire_type_of(Kind kind) {
  switch (kind) {
    case Kind::kVarint:
      return WireType::kVarint;
    case Kind::kFixed64:
      return WireType::kFixed64;
    case Kind::kFixed32:
      return WireType::kFixed32;
    default:
      return WireType::kBytes;
  }
}

// The fault and its place; empty if there is none.
using Fault = std::optional<std::string>;

Fault prefixed(const char* name, Fault fault) {
  if (fault) fault->insert(0, fault->starts_with(' ') ? name : std::string(name) + ".");
  return fault;
}

bool all_zero(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char byte) { return byte == 0; });
}

Fault id_fault(const char* name, std::string_view id, size_t bytes) {
  if (id.size() != bytes) {
    return std::string(name) + " has " + std::to_string(id.size()) + " bytes, not " +
           std::to_string(bytes);
  }
  return {};
}

// A span needs both ids. A link without ids, or with ids of zeros, is unusual, but receivers accept
// it.
struct Ids {
  std::string_view trace;
  std::string_view span;
  std::string_view parent;

  [[nodiscard]] Fault fault_of_span() const {
    if (Fault fault = id_fault("trace_id", trace, 16)) return fault;
    if (Fault fault = id_fault("span_id", span, 8)) return fault;
    if (all_zero(trace)) return "trace_id is all zeros";
    if (all_zero(span)) return "span_id is all zeros";
    return parent.empty() ? Fault() : id_fault("parent_span_id", parent, 8);
  }
  [[nodiscard]] Fault fault_of_link() const {
    if (!trace.empty()) {
      if (Fault fault = id_fault("trace_id", trace, 16)) return fault;
    }
    return span.empty() ? Fault() : id_fault("span_id", span, 8);
  }
};

Fault message_fault(Kind message, std::string_view bytes, size_t depth);

Fault value_fault(const Field& field, std::string_view value, size_t depth, Ids& ids) {
  switch (field.kind) {
    case Kind::kText:
      if (simdjson::validate_utf8(value.data(), value.size())) return {};
      return std::string(field.name) + " is not valid UTF-8";
    case Kind::kTraceId:
      ids.trace = value;  // the last one wins, as in protobuf
      return {};
    case Kind::kSpanId:
      ids.span = value;
      return {};
    case Kind::kParentSpanId:
      ids.parent = value;
      return {};
    case Kind::kVarint:
    case Kind::kFixed64:
    case Kind::kFixed32:
    case Kind::kBytes:
      return {};
    default:
      return prefixed(field.name, message_fault(field.kind, value, depth + 1));
  }
}

Fault message_fault(Kind message, std::string_view bytes, size_t depth) {
  if (depth > kDepthMax) return " is nested too deeply";
  const std::span<const Field> fields = fields_of(message);
  Ids ids;
  WireReader reader(bytes);
  while (const auto wire = reader.next()) {
    const auto field = std::ranges::find(fields, wire->number, &Field::number);
    if (field == fields.end()) continue;
    if (wire->type != wire_type_of(field->kind)) {
      return std::string(field->name) + " has the wrong wire type";
    }
    if (Fault fault = value_fault(*field, wire->value, depth, ids)) return fault;
  }
  if (reader.fault() != nullptr) return std::string(" is not valid protobuf: ") + reader.fault();
  if (message == Kind::kSpan) return ids.fault_of_span();
  return message == Kind::kLink ? ids.fault_of_link() : Fault();
}

// A fault of a field starts with its name ("name is …"); one of the owner itself starts with a
// space (" is not …").
std::string told_of(const char* owner, const std::string& fault) {
  return fault.starts_with(' ') ? owner + fault : std::string(owner) + " " + fault;
}

// The first fault in the header of a ResourceSpans or a ScopeSpans, which affects all of its spans.
Fault header_fault(std::string_view message, uint32_t bytes_fields, Kind header,
                   const char* owner) {
  constexpr uint32_t kHeader = 1;
  constexpr uint32_t kSchemaUrl = 3;
  WireReader reader(message, bytes_fields);
  while (const auto field = reader.next()) {
    if (field->number == kHeader) {
      // It is at the same depth as its siblings: scope spans and spans.
      const size_t depth = header == Kind::kScope ? kSpanDepth : kSpanDepth - 1;
      if (Fault fault = message_fault(header, field->value, depth)) return told_of(owner, *fault);
    } else if (field->number == kSchemaUrl &&
               !simdjson::validate_utf8(field->value.data(), field->value.size())) {
      return std::string("schema_url of the ") + owner + " is not valid UTF-8";
    }
  }
  return {};
}

class Finder {
 public:
  std::vector<SpanDefect> run(std::string_view request) {
    WireReader top(request, kRequestBytesFields);
    while (const auto field = top.next()) {
      if (field->number == kRequestResourceSpans) look_at_resource(field->value);
    }
    return std::move(defects_);
  }

 private:
  void look_at_resource(std::string_view resource_spans) {
    const Fault fault =
        header_fault(resource_spans, kResourceSpansBytesFields, Kind::kResource, "resource");
    WireReader reader(resource_spans, kResourceSpansBytesFields);
    while (const auto field = reader.next()) {
      if (field->number == kResourceSpansScopeSpans) look_at_scope(field->value, fault);
    }
  }

  void look_at_scope(std::string_view scope_spans, Fault fault) {
    if (!fault) fault = header_fault(scope_spans, kScopeSpansBytesFields, Kind::kScope, "scope");
    WireReader reader(scope_spans, kScopeSpansBytesFields);
    while (const auto field = reader.next()) {
      if (field->number == kScopeSpansSpans) look_at_span(field->value, fault);
    }
  }

  void look_at_span(std::string_view span, const Fault& inherited) {
    const uint32_t ordinal = ordinal_++;
    if (inherited) {
      defects_.push_back({ordinal, *inherited});
    } else if (const Fault fault = message_fault(Kind::kSpan, span, kSpanDepth)) {
      defects_.push_back({ordinal, told_of("span", *fault)});
    }
  }

  std::vector<SpanDefect> defects_;
  uint32_t ordinal_ = 0;
};

}  // namespace

std::vector<SpanDefect> find_defects(std::string_view request) { return Finder().run(request); }

}  // namespace dualtrace::agent

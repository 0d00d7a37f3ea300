// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/span_ids.h"

#include <simdjson.h>

#include <limits>
#include <optional>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {
namespace {

constexpr uint32_t kParentSpanId = 4;
constexpr uint32_t kName = 5;
constexpr uint32_t kStartTime = 7;
constexpr uint32_t kEndTime = 8;
constexpr uint32_t kDroppedAttributesCount = 10;
constexpr uint32_t kAnyNumber = std::numeric_limits<uint32_t>::max();

struct Ids {
  std::string_view trace;
  std::string_view span;
  std::string_view parent;
  bool are_bytes = true;
};

// Reads up to the first field above `number_max`; the last of each id wins, as in protobuf. Faults
// deeper in the span are not reported here.
Ids ids_of(std::string_view span, uint32_t number_max) {
  Ids ids;
  WireReader reader(span);
  while (const auto field = reader.next()) {
    if (field->number > number_max) break;
    const bool is_id = field->number == kSpanTraceId || field->number == kSpanSpanId ||
                       field->number == kParentSpanId;
    if (!is_id) continue;
    if (field->type != WireType::kBytes) {
      ids.are_bytes = false;
    } else if (field->number == kSpanTraceId) {
      ids.trace = field->value;
    } else if (field->number == kSpanSpanId) {
      ids.span = field->value;
    } else {
      ids.parent = field->value;
    }
  }
  return ids;
}

bool may_be_text(std::string_view bytes) {
  for (const char c : bytes) {
    if (static_cast<uint8_t>(c) < ' ') return false;
  }
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

// Whether it is a histogram: an attribute has its value in this field.
bool has_temporality(std::string_view histogram) {
  constexpr uint32_t kTemporality = 2;
  WireReader reader(histogram);
  while (const auto field = reader.next()) {
    if (field->number == kTemporality) return field->type == WireType::kVarint;
  }
  return false;
}

// A metric has a name, a description and a unit, then its data in a field for which a span has
// another type. A gauge has the field number of a span's name, but starts differently from any
// name: with the tag of its points.
bool is_metric(std::string_view item) {
  constexpr uint32_t kHistogram = 9;
  constexpr uint32_t kSummary = 11;
  constexpr char kPointsTag = 0x0a;
  bool has_times = false;
  bool has_data = false;
  WireReader reader(item);
  while (const auto field = reader.next()) {
    const bool bytes = field->type == WireType::kBytes;
    switch (field->number) {
      case kStartTime:  // a metric's sum
      case kEndTime:
        has_times = has_times || field->type == WireType::kFixed64;
        has_data = has_data || bytes;
        break;
      case kDroppedAttributesCount:  // a metric's exponential histogram
        has_data = has_data || bytes;
        break;
      case kName:
        has_data = has_data || (bytes && field->value.starts_with(kPointsTag));
        break;
      case kHistogram:  // attributes
        has_data = has_data || (bytes && has_temporality(field->value));
        break;
      case kSummary:  // events, which begin with a time
        has_data = has_data || (bytes && field->value.starts_with(kPointsTag));
        break;
      default:
        break;
    }
  }
  return has_data && !has_times;
}

// Whether it is a log record: its times and numbers have the field numbers of a span's ids and
// events.
bool is_log_record(std::string_view item) {
  constexpr uint32_t kTime = 1;
  constexpr uint32_t kSeverity = 2;
  constexpr uint32_t kAttributes = 6;
  constexpr uint32_t kFlags = 8;
  constexpr uint32_t kObservedTime = 11;
  WireReader reader(item);
  while (const auto field = reader.next()) {
    const WireType type = field->type;
    if (((field->number == kTime || field->number == kObservedTime) &&
         type == WireType::kFixed64) ||
        (field->number == kSeverity && type == WireType::kVarint) ||
        (field->number == kAttributes && type == WireType::kBytes) ||
        (field->number == kFlags && type == WireType::kFixed32)) {
      return true;
    }
  }
  return false;
}

// A request with profiles has a dictionary next to its resources.
bool has_dictionary(std::string_view request) {
  constexpr uint32_t kDictionary = 2;
  WireReader reader(request);
  while (const auto field = reader.next()) {
    if (field->number == kDictionary && field->type == WireType::kBytes) return true;
  }
  return false;
}

std::optional<std::string> length_fault(const char* name, std::string_view id, size_t wanted) {
  if (id.size() == wanted) return std::nullopt;
  return std::string(name) + " has " + std::to_string(id.size()) + " bytes, not " +
         std::to_string(wanted);
}

std::optional<std::string> length_fault(const Ids& ids) {
  if (!ids.are_bytes) return "an id has the wrong wire type";
  if (auto fault = length_fault("trace_id", ids.trace, 16)) return fault;
  if (auto fault = length_fault("span_id", ids.span, 8)) return fault;
  return ids.parent.empty() ? std::nullopt : length_fault("parent_span_id", ids.parent, 8);
}

}  // namespace

bool span_ids::has_ids_anywhere(std::string_view span) {
  Ids ids = ids_of(span, kParentSpanId);
  if (length_fault(ids)) ids = ids_of(span, kAnyNumber);
  if (length_fault(ids)) return false;
  return !may_be_text(ids.trace) || !may_be_text(ids.span) || !is_metric(span);
}

std::string ids_fault(std::string_view request, std::string_view span, const std::string& place) {
  const auto signal = [](const char* name) {
    return std::string("this looks like an export of ") + name +
           "; this endpoint accepts only traces";
  };
  if (has_dictionary(request)) return signal("profiles");
  if (is_log_record(span)) return signal("logs");
  const Ids ids = ids_of(span, kAnyNumber);
  const bool named = !ids.trace.empty() && may_be_text(ids.trace) && may_be_text(ids.span);
  if (named && is_metric(span)) return signal("metrics");
  return place + ": " + length_fault(ids).value_or("not a span") +
         "; the ids of a span are 16 and 8 bytes";
}

}  // namespace dualtrace::agent

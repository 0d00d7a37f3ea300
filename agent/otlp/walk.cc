// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/walk.h"

#include <utility>

#include "agent/otlp/fields.h"
#include "agent/otlp/span_ids.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {
namespace {

enum class Asked { kFraming, kSpans };

bool is_old_scope(const WireField& field) {
  return field.number == kResourceSpansOldScopeSpans && field.type == WireType::kBytes;
}

template <Asked asked>
bool is_scope(const WireField& field) {
  return field.number == kResourceSpansScopeSpans ||
         (asked == Asked::kSpans && is_old_scope(field));
}

// The fault of the span that starts at `span`, with its place. The walk does not track places, so
// that requests without faults do not pay for it.
Failure refused_span(std::string_view request, const char* span) {
  uint32_t resource_index = 0;
  uint32_t scope_index = 0;
  uint32_t span_index = 0;
  WireReader top(request, kRequestBytesFields);
  while (const auto resource_spans = top.next()) {
    if (resource_spans->number != kRequestResourceSpans) continue;
    scope_index = 0;
    WireReader resource(resource_spans->value, kResourceSpansBytesFields);
    while (const auto scope_spans = resource.next()) {
      if (!is_scope<Asked::kSpans>(*scope_spans)) continue;
      span_index = 0;
      WireReader scope(scope_spans->value, kScopeSpansBytesFields);
      while (const auto field = scope.next()) {
        if (field->number != kScopeSpansSpans) continue;
        if (field->value.data() == span) {
          const std::string place = "resource_spans[" + std::to_string(resource_index) +
                                    "].scope_spans[" + std::to_string(scope_index) + "].spans[" +
                                    std::to_string(span_index) + "]";
          return fail(ErrorKind::kInvalid, "otlp: " + ids_fault(request, field->value, place));
        }
        ++span_index;
      }
      ++scope_index;
    }
    ++resource_index;
  }
  return fail(ErrorKind::kInternal, "otlp: a span is not in its request");
}

template <Asked asked>
Result<WalkSummary> walk_through(std::string_view request) {
  WalkSummary summary;
  WireReader top(request, kRequestBytesFields);
  while (const auto resource_spans = top.next()) {
    if (resource_spans->number != kRequestResourceSpans) {
      continue;
    }
    ++summary.resource_spans;
    WireReader resource(resource_spans->value, kResourceSpansBytesFields);
    while (const auto scope_spans = resource.next()) {
      if (!is_scope<asked>(*scope_spans)) {
        continue;
      }
      summary.old_scopes += is_old_scope(*scope_spans) ? 1 : 0;
      WireReader scope(scope_spans->value, kScopeSpansBytesFields);
      while (const auto span = scope.next()) {
        if (span->number != kScopeSpansSpans) {
          continue;
        }
        ++summary.spans;
        if constexpr (asked == Asked::kSpans) {
          if (!has_ids(span->value)) {
            return refused_span(request, span->value.data());
          }
        }
      }
      if (scope.fault() != nullptr) {
        return scope.failure(request);
      }
    }
    if (resource.fault() != nullptr) {
      return resource.failure(request);
    }
  }
  if (top.fault() != nullptr) {
    return top.failure(request);
  }
  return summary;
}

}  // namespace

Result<WalkSummary> walk(std::string_view request) {
  return walk_through<Asked::kFraming>(request);
}

Result<WalkSummary> walk_received(std::string_view request) {
  return walk_through<Asked::kSpans>(request);
}

void rename_old_scopes(std::string& request) {
  const auto rename = [&request](const WireField& field) {
    // Write the new tag in as many bytes as the old one: a varint may be longer than necessary.
    auto at = static_cast<size_t>(field.whole.data() - request.data());
    constexpr uint32_t kTag =
        kResourceSpansScopeSpans << 3 | static_cast<uint32_t>(WireType::kBytes);
    bool first = true;
    for (bool more = true; more; ++at) {
      more = static_cast<uint8_t>(request[at]) >= 0x80;
      const uint32_t bits = std::exchange(first, false) ? kTag : 0;
      request[at] = static_cast<char>(bits | (more ? 0x80 : 0));
    }
  };
  WireReader top(request, kRequestBytesFields);
  while (const auto resource_spans = top.next()) {
    if (resource_spans->number != kRequestResourceSpans) continue;
    WireReader resource(resource_spans->value, kResourceSpansBytesFields);
    while (const auto field = resource.next()) {
      if (is_old_scope(*field)) rename(*field);
    }
  }
}

}  // namespace dualtrace::agent

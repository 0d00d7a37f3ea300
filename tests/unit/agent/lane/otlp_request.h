// SPDX-License-Identifier: Apache-2.0
#pragma once
// A serialized ExportTraceServiceRequest with one span for each name. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {

inline std::string otlp_request(const std::vector<std::string>& span_names) {
  constexpr uint32_t kSpanName = 5;
  std::string scope_spans;
  for (const std::string& name : span_names) {
    std::string span;
    append_bytes_field(span, kSpanTraceId, std::string(15, '\x11') + name.substr(0, 1));
    append_bytes_field(span, kSpanSpanId, "\x01\x02\x03\x04\x05\x06\x07\x08");
    append_bytes_field(span, kSpanName, name);
    append_bytes_field(scope_spans, kScopeSpansSpans, span);
  }
  std::string resource_spans;
  append_bytes_field(resource_spans, kResourceSpansScopeSpans, scope_spans);
  std::string request;
  append_bytes_field(request, kRequestResourceSpans, resource_spans);
  return request;
}

// `count` spans of about `span_bytes` each, one of which may be called "poison".
inline std::string otlp_request_of(uint32_t count, size_t span_bytes = 20, int poison = -1) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < count; ++i) {
    std::string name = static_cast<int>(i) == poison ? "poison" : "span";
    name.resize(std::max(span_bytes, name.size()), '.');
    names.push_back(std::move(name));
  }
  return otlp_request(names);
}

// The spans' names, in order.
inline std::vector<std::string> span_names(std::string_view request) {
  std::vector<std::string> names;
  WireReader resources(request);
  while (const auto resource = resources.next()) {
    WireReader scopes(resource->value);
    while (const auto scope = scopes.next()) {
      WireReader spans(scope->value);
      while (const auto span = spans.next()) {
        WireReader fields(span->value);
        while (const auto field = fields.next()) {
          if (field->number == 5) names.emplace_back(field->value);
        }
      }
    }
  }
  return names;
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// The field numbers of OTLP traces that the wire code uses, and the highest number up to which each
// message's known fields are length-delimited (WireReader's bytes_fields_max).
// Source: agent/otlp/proto. Immutable.

#include <cstdint>

namespace dualtrace::agent {

inline constexpr uint32_t kRequestResourceSpans = 1;
inline constexpr uint32_t kRequestBytesFields = 1;

inline constexpr uint32_t kResourceSpansResource = 1;
inline constexpr uint32_t kResourceSpansScopeSpans = 2;
inline constexpr uint32_t kResourceSpansOldScopeSpans = 1000;  // until 2022
inline constexpr uint32_t kResourceSpansBytesFields = 3;       // and schema_url

inline constexpr uint32_t kScopeSpansSpans = 2;
inline constexpr uint32_t kScopeSpansBytesFields = 3;  // scope, spans, schema_url

inline constexpr uint32_t kResourceAttributes = 1;
inline constexpr uint32_t kResourceBytesFields = 1;

inline constexpr uint32_t kSpanTraceId = 1;
inline constexpr uint32_t kSpanSpanId = 2;
inline constexpr uint32_t kSpanAttributes = 9;
inline constexpr uint32_t kSpanBytesFields = 5;  // the ids, trace_state and name

inline constexpr uint32_t kKeyValueKey = 1;
inline constexpr uint32_t kKeyValueValue = 2;
inline constexpr uint32_t kKeyValueBytesFields = 2;
inline constexpr uint32_t kAnyValueString = 1;

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/requests.h"

#include <cstring>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"
#include "common/io/crc32c.h"
#include "tests/sim/trace.h"

namespace dualtrace::agent::sim {
namespace {

constexpr uint32_t kSpanName = 5;
// An id of only zeros is invalid.
constexpr uint64_t kIdMark = uint64_t{1} << 63;

std::string as_bytes(uint64_t value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

uint64_t number_in_bytes(std::string_view bytes) {
  uint64_t value = 0;
  if (bytes.size() < sizeof value) throw Violation{"a span's id has the wrong size"};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

const std::string& resource() {
  static const std::string kResource = [] {
    std::string field;
    append_bytes_field(field, kResourceSpansResource,
                       "\x0a\x07\x0a\x05"
                       "sim.x");
    return field;
  }();
  return kResource;
}

// Most requests are small; some have many spans, some have a huge one.
size_t name_size(Random& random, bool giant, size_t bytes_max) {
  if (!giant || random.below(4) != 0) return random.below(60);
  return bytes_max / 16 + random.below(bytes_max / 4);
}

uint32_t count_of_spans(Random& random) {
  switch (random.below(16)) {
    case 0:
      return 1 + static_cast<uint32_t>(random.below(120));
    case 1:
    case 2:
      return 1 + static_cast<uint32_t>(random.below(30));
    default:
      return 1 + static_cast<uint32_t>(random.below(4));
  }
}

}  // namespace

uint32_t Requests::make(Random& random, size_t bytes_max, std::string& payload) {
  const auto number = static_cast<uint32_t>(all_.size());
  const bool giant = random.below(32) == 0;
  const uint32_t spans =
      giant ? 1 + static_cast<uint32_t>(random.below(8)) : count_of_spans(random);
  const uint64_t first_span = span_crcs_.size();
  std::string scope_spans;
  for (uint32_t i = 0; i < spans; ++i) {
    const uint64_t id = first_span + i;
    std::string span;
    append_bytes_field(span, kSpanTraceId, as_bytes(number) + as_bytes(i | kIdMark));
    append_bytes_field(span, kSpanSpanId, as_bytes(id | kIdMark));
    const char filler = static_cast<char>('a' + id % 26);
    append_bytes_field(span, kSpanName, std::string(name_size(random, giant, bytes_max), filler));
    const size_t begin = scope_spans.size();
    append_bytes_field(scope_spans, kScopeSpansSpans, span);
    span_crcs_.push_back(crc32c(std::string_view(scope_spans).substr(begin), 0));
  }
  std::string resource_spans = resource();
  append_bytes_field(resource_spans, kResourceSpansScopeSpans, scope_spans);
  payload.clear();
  append_bytes_field(payload, kRequestResourceSpans, resource_spans);
  all_.push_back({.first_span = first_span,
                  .spans = spans,
                  .bytes = static_cast<uint32_t>(payload.size()),
                  .crc = crc32c(payload, 0)});
  return number;
}

std::vector<uint64_t> Requests::spans_in(std::string_view body) const {
  std::vector<uint64_t> spans;
  visit(body, [&](uint32_t /*request*/, uint64_t span, std::string_view bytes) {
    if (span >= span_crcs_.size() || span_crcs_[span] != crc32c(bytes, 0)) {
      throw Violation{"the bytes of span " + std::to_string(span) + " changed"};
    }
    spans.push_back(span);
    return true;
  });
  return spans;
}

uint32_t Requests::request_in(std::string_view body) const {
  uint32_t number = 0;
  bool found = false;
  visit(body, [&](uint32_t request, uint64_t /*span*/, std::string_view /*bytes*/) {
    number = request;
    found = true;
    return false;
  });
  if (!found || number >= all_.size()) throw Violation{"a record is not a request that was sent"};
  return number;
}

void Requests::visit(std::string_view body,
                     const std::function<bool(uint32_t, uint64_t, std::string_view)>& each) const {
  WireReader resources(body);
  while (const auto resource_spans = resources.next()) {
    WireReader scopes(resource_spans->value);
    while (const auto field = scopes.next()) {
      if (field->number == kResourceSpansResource) {
        if (field->whole != resource()) throw Violation{"the bytes of a resource changed"};
        continue;
      }
      WireReader spans(field->value);
      while (const auto span = spans.next()) {
        WireReader fields(span->value);
        const auto trace_id = fields.next();
        const auto span_id = fields.next();
        if (!trace_id || !span_id) throw Violation{"a span lost its ids"};
        const auto request = static_cast<uint32_t>(number_in_bytes(trace_id->value));
        const uint64_t id = number_in_bytes(span_id->value) & ~kIdMark;
        if (!each(request, id, span->whole)) return;
      }
    }
  }
}

}  // namespace dualtrace::agent::sim

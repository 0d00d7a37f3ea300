// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/sink_destination.h"

#include <cstring>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"
#include "common/compress/gzip.h"
#include "tests/bench/content.h"

namespace dualtrace::bench {
namespace {

constexpr size_t kRequestBytesMax = 512 * 1024 * 1024;

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

Status SinkDestination::take(std::string_view body, bool gzip, WallTime now) {
  std::string inflated;
  if (gzip) {
    Result<std::string> plain = gunzip(body, kRequestBytesMax);
    if (!plain) return fail(std::move(plain).error());
    inflated = *std::move(plain);
    body = inflated;
  }
  const Result<Arrived> arrived = read(body);
  if (!arrived) return fail(arrived.error());
  const Lock lock(mutex_);
  ++requests_;
  unknown_ += arrived->unknown;
  for (const ArrivedSpan& span : arrived->spans) {
    switch (seen_.add(span.number)) {
      case SpanSet::Added::kNew:
        delays_.add(now - span.ended);
        break;
      case SpanSet::Added::kAgain:
        ++duplicates_;
        break;
      case SpanSet::Added::kTooHigh:
        ++unknown_;
        break;
    }
  }
  return {};
}

Result<SinkDestination::Arrived> SinkDestination::read(std::string_view request) {
  Arrived arrived;
  agent::WireReader top(request, agent::kRequestBytesFields);
  while (const auto resource_spans = top.next()) {
    agent::WireReader resource(resource_spans->value, agent::kResourceSpansBytesFields);
    while (const auto scope_spans = resource.next()) {
      if (scope_spans->number != agent::kResourceSpansScopeSpans) continue;
      agent::WireReader scope(scope_spans->value, agent::kScopeSpansBytesFields);
      while (const auto span = scope.next()) {
        if (span->number == agent::kScopeSpansSpans) read_span(span->value, arrived);
      }
      if (scope.fault() != nullptr) return scope.failure(request);
    }
    if (resource.fault() != nullptr) return resource.failure(request);
  }
  if (top.fault() != nullptr) return top.failure(request);
  return arrived;
}

void SinkDestination::read_span(std::string_view span, Arrived& arrived) {
  std::optional<uint64_t> number;
  uint64_t ended = 0;
  agent::WireReader fields(span);  // in any order
  while (!number || ended == 0) {
    const auto field = fields.next();
    if (!field) break;
    if (field->number == agent::kSpanTraceId) {
      number = span_number_of(field->value);
    } else if (field->number == kSpanEndTime && field->type == agent::WireType::kFixed64) {
      std::memcpy(&ended, field->whole.data() + 1, sizeof ended);  // both are little-endian
    }
  }
  if (number) {
    arrived.spans.push_back({*number, from_unix_nanos(static_cast<int64_t>(ended))});
  } else {
    ++arrived.unknown;
  }
}

nlohmann::json SinkDestination::counts() const {
  const Lock lock(mutex_);
  return {{"spans", seen_.size()},
          {"duplicates", duplicates_},
          {"unknown", unknown_},
          {"requests", requests_},
          {"delay_p50_ms", milliseconds(delays_.percentile(0.5))},
          {"delay_p99_ms", milliseconds(delays_.percentile(0.99))},
          {"delay_max_ms", milliseconds(delays_.max())}};
}

std::string SinkDestination::seen() const {
  const Lock lock(mutex_);
  return seen_.bytes();
}

void SinkDestination::forget() {
  const Lock lock(mutex_);
  seen_ = SpanSet(spans_max_);
  delays_ = Latencies();
  requests_ = duplicates_ = unknown_ = 0;
}

Behaviour SinkDestination::behaviour() const {
  const Lock lock(mutex_);
  return behaviour_;
}

Duration SinkDestination::delay() const {
  const Lock lock(mutex_);
  return delay_;
}

void SinkDestination::behave(Behaviour behaviour, Duration delay) {
  const Lock lock(mutex_);
  behaviour_ = behaviour;
  delay_ = delay;
}

}  // namespace dualtrace::bench

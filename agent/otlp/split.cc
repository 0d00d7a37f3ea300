// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/split.h"

#include <algorithm>
#include <utility>

#include "agent/otlp/fields.h"
#include "agent/otlp/walk.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {
namespace {

// The place of a span: its resource and scope, and their headers, which each part repeats.
struct Place {
  uint64_t resource = 0;  // counted from 1 through the request
  uint64_t scope = 0;     // counted from 1 through the request
  std::string resource_headers;
  std::string scope_headers;
};

// One part under construction: the contents of the messages that are still open, the innermost
// last.
class PartBuilder {
 public:
  [[nodiscard]] bool empty() const { return spans_ == 0; }
  [[nodiscard]] uint32_t spans() const { return spans_; }
  [[nodiscard]] bool has_open_resource(const Place& place) const {
    return resource_id_ == place.resource;
  }
  [[nodiscard]] bool has_open_scope(const Place& place) const { return scope_id_ == place.scope; }

  // The size of the part if this span were added.
  [[nodiscard]] size_t size_with(const Place& place, std::string_view span) const {
    if (has_open_scope(place)) {
      return request_.size() +
             bytes_field_size(resource_.size() + bytes_field_size(scope_.size() + span.size()));
    }
    const size_t scope = bytes_field_size(place.scope_headers.size() + span.size());
    if (has_open_resource(place)) {
      return request_.size() + bytes_field_size(closed_resource_size() + scope);
    }
    return request_.size() + (resource_id_ != 0 ? bytes_field_size(closed_resource_size()) : 0) +
           bytes_field_size(place.resource_headers.size() + scope);
  }

  void add(const Place& place, std::string_view span) {
    if (!has_open_scope(place)) {
      close_scope();
      if (!has_open_resource(place)) {
        close_resource();
        resource_id_ = place.resource;
        resource_ = place.resource_headers;
      }
      scope_id_ = place.scope;
      scope_ = place.scope_headers;
    }
    scope_.append(span);
    ++spans_;
  }

  // Fields of the request that belong to no resource.
  void add_unknown(std::string_view fields) { request_.append(fields); }

  // Returns the part and empties the builder.
  Part seal() {
    close_scope();
    close_resource();
    Part part{std::move(request_), spans_};
    *this = PartBuilder();
    return part;
  }

 private:
  [[nodiscard]] size_t closed_resource_size() const {
    return resource_.size() + (scope_id_ != 0 ? bytes_field_size(scope_.size()) : 0);
  }
  void close_scope() {
    if (scope_id_ != 0) {
      append_bytes_field(resource_, kResourceSpansScopeSpans, scope_);
      scope_id_ = 0;
    }
  }
  void close_resource() {
    if (resource_id_ != 0) {
      append_bytes_field(request_, kRequestResourceSpans, resource_);
      resource_id_ = 0;
    }
  }

  std::string request_;
  std::string resource_;
  std::string scope_;
  uint64_t resource_id_ = 0;  // 0: none is open
  uint64_t scope_id_ = 0;
  uint32_t spans_ = 0;
};

// All fields except the items. Reading the items reports faults.
std::string headers(std::string_view message, uint32_t bytes_fields, uint32_t item) {
  std::string result;
  WireReader reader(message, bytes_fields);
  while (const auto field = reader.next()) {
    if (field->number != item) {
      result.append(field->whole);
    }
  }
  return result;
}

// Iterates over the spans of a request, in wire order.
class SpanCursor {
 public:
  explicit SpanCursor(std::string_view request)
      : request_(request), top_(request, kRequestBytesFields) {}

  // The next span with tag and length; nullopt at the end and on a fault.
  std::optional<std::string_view> next() {
    while (fault_ == nullptr) {
      if (!scope_) {
        if (!enter_scope()) return std::nullopt;
        continue;
      }
      const auto field = scope_->next();
      if (!field) {
        leave(*scope_);
        scope_.reset();
      } else if (field->number == kScopeSpansSpans) {
        return field->whole;
      }
    }
    return std::nullopt;
  }

  // The place of the span that next() returned last.
  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] Status status() const {
    return fault_ != nullptr ? Status(fail(*fault_)) : Status();
  }

 private:
  bool enter_scope() {
    while (fault_ == nullptr) {
      if (!resource_) {
        if (!enter_resource()) return false;
        continue;
      }
      const auto field = resource_->next();
      if (!field) {
        leave(*resource_);
        resource_.reset();
      } else if (field->number == kResourceSpansScopeSpans) {
        ++place_.scope;
        place_.scope_headers = headers(field->value, kScopeSpansBytesFields, kScopeSpansSpans);
        scope_.emplace(field->value, kScopeSpansBytesFields);
        return true;
      }
    }
    return false;
  }

  bool enter_resource() {
    while (const auto field = top_.next()) {
      if (field->number != kRequestResourceSpans) continue;
      ++place_.resource;
      place_.resource_headers =
          headers(field->value, kResourceSpansBytesFields, kResourceSpansScopeSpans);
      resource_.emplace(field->value, kResourceSpansBytesFields);
      return true;
    }
    leave(top_);
    return false;
  }

  void leave(const WireReader& reader) {
    if (reader.fault() != nullptr) {
      fault_ = std::make_unique<Error>(reader.failure(request_).error);
    }
  }

  const std::string_view request_;
  WireReader top_;
  std::optional<WireReader> resource_;
  std::optional<WireReader> scope_;
  Place place_;
  std::unique_ptr<Error> fault_;
};

PartBuilder first_part(std::string_view request) {
  PartBuilder part;
  part.add_unknown(headers(request, kRequestBytesFields, kRequestResourceSpans));
  return part;
}

}  // namespace

struct PartCursor::State {
  explicit State(std::string_view request) : cursor(request), part(first_part(request)) {}

  SpanCursor cursor;
  PartBuilder part;
  std::optional<std::string_view> span;  // read, but not in a part yet
  bool begun = false;
};

PartCursor::PartCursor(std::string_view request) : state_(std::make_unique<State>(request)) {}
PartCursor::~PartCursor() = default;

Result<std::optional<Part>> PartCursor::next(size_t bytes_max) {
  const size_t headers_max = bytes_max / 2;
  SpanCursor& cursor = state_->cursor;
  PartBuilder& part = state_->part;
  if (!std::exchange(state_->begun, true)) state_->span = cursor.next();
  for (; state_->span; state_->span = cursor.next()) {
    const Place& place = cursor.place();
    const size_t resource = place.resource_headers.size();
    const size_t scope = place.scope_headers.size();
    // Each new part repeats the open headers. With large headers and small spans, the parts
    // together could be many times as large as the request, so such a resource or scope is not cut.
    const bool headers_too_large = (part.has_open_resource(place) && resource > headers_max) ||
                                   (part.has_open_scope(place) && resource + scope > headers_max);
    const bool full = part.size_with(place, *state_->span) > bytes_max;
    if (!part.empty() && !headers_too_large && full) return std::optional(part.seal());
    part.add(place, *state_->span);
  }
  if (Status status = cursor.status(); !status) return fail(std::move(status).error());
  if (part.empty()) return std::optional<Part>();
  return std::optional(part.seal());
}

Result<std::vector<Part>> split_by_bytes(std::string_view request, size_t bytes_max) {
  const Result<WalkSummary> summary = walk(request);
  if (!summary) {
    return fail(summary.error());
  }
  if (request.size() <= bytes_max || summary->spans <= 1) {
    return std::vector<Part>{{std::string(request), summary->spans}};
  }
  std::vector<Part> parts;
  PartCursor cursor(request);
  while (true) {
    Result<std::optional<Part>> part = cursor.next(bytes_max);
    if (!part) return fail(std::move(part).error());
    if (!*part) return parts;
    parts.push_back(**std::move(part));
  }
}

Result<std::pair<Part, Part>> split_in_half(std::string_view request) {
  const Result<WalkSummary> summary = walk(request);
  if (!summary) {
    return fail(summary.error());
  }
  DT_CHECK(summary->spans >= 2);
  const uint32_t half = summary->spans - summary->spans / 2;
  PartBuilder part = first_part(request);
  SpanCursor cursor(request);
  std::optional<Part> first;
  while (const auto span = cursor.next()) {
    if (!first && part.spans() == half) first = part.seal();
    part.add(cursor.place(), *span);
  }
  if (Status status = cursor.status(); !status) return fail(std::move(status).error());
  DT_CHECK(first.has_value() && !part.empty());
  return std::pair{*std::move(first), part.seal()};
}

Result<Separated> separate(std::string_view request, const std::vector<uint32_t>& ordinals) {
  std::vector<uint32_t> wanted = ordinals;
  std::ranges::sort(wanted);
  auto next = wanted.begin();
  uint32_t ordinal = 0;
  PartBuilder kept = first_part(request);
  PartBuilder taken;
  SpanCursor cursor(request);
  for (; const auto span = cursor.next(); ++ordinal) {
    next = std::find_if(next, wanted.end(), [ordinal](uint32_t at) { return at >= ordinal; });
    const bool is_wanted = next != wanted.end() && *next == ordinal;
    (is_wanted ? taken : kept).add(cursor.place(), *span);
  }
  if (Status status = cursor.status(); !status) return fail(std::move(status).error());
  Separated separated;
  if (!kept.empty()) {
    auto [bytes, spans] = kept.seal();
    separated.kept = std::move(bytes);
    separated.kept_spans = spans;
  }
  if (!taken.empty()) {
    auto [bytes, spans] = taken.seal();
    separated.taken = std::move(bytes);
    separated.taken_spans = spans;
  }
  return separated;
}

}  // namespace dualtrace::agent

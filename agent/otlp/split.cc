#include "agent/otlp/split.h"

#include <algorithm>
#include <functional>

#include "agent/otlp/fields.h"
#include "agent/otlp/walk.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {
namespace {

// Where a span stands: which resource and scope, and what is repeated of them in each part.
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

  // The part's size, had it that span too.
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

  // The part; the builder is empty again.
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

// All fields but the items. A fault shows where the items are read.
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

// With tag and length.
using VisitSpan = std::function<void(const Place& place, std::string_view span)>;

// Goes over the spans of a request, in wire order.
class SpanWalk {
 public:
  SpanWalk(std::string_view request, const VisitSpan& visit) : request_(request), visit_(visit) {}

  Status run() {
    WireReader top(request_, kRequestBytesFields);
    while (const auto field = top.next()) {
      if (field->number == kRequestResourceSpans) {
        if (Status visited = visit_resource(field->value); !visited) {
          return visited;
        }
      }
    }
    return top.fault() != nullptr ? Status(top.failure(request_)) : Status();
  }

 private:
  Status visit_resource(std::string_view resource_spans) {
    ++place_.resource;
    place_.resource_headers =
        headers(resource_spans, kResourceSpansBytesFields, kResourceSpansScopeSpans);
    WireReader reader(resource_spans, kResourceSpansBytesFields);
    while (const auto field = reader.next()) {
      if (field->number == kResourceSpansScopeSpans) {
        if (Status visited = visit_scope(field->value); !visited) {
          return visited;
        }
      }
    }
    return reader.fault() != nullptr ? Status(reader.failure(request_)) : Status();
  }

  Status visit_scope(std::string_view scope_spans) {
    ++place_.scope;
    place_.scope_headers = headers(scope_spans, kScopeSpansBytesFields, kScopeSpansSpans);
    WireReader reader(scope_spans, kScopeSpansBytesFields);
    while (const auto field = reader.next()) {
      if (field->number == kScopeSpansSpans) {
        visit_(place_, field->whole);
      }
    }
    return reader.fault() != nullptr ? Status(reader.failure(request_)) : Status();
  }

  const std::string_view request_;
  const VisitSpan& visit_;
  Place place_;
};

PartBuilder first_part(std::string_view request) {
  PartBuilder part;
  part.add_unknown(headers(request, kRequestBytesFields, kRequestResourceSpans));
  return part;
}

// Whether a new part is to begin before this span. The part so far is not empty.
using CutBefore =
    std::function<bool(const PartBuilder& part, const Place& place, std::string_view span)>;

Result<std::vector<Part>> split_where(std::string_view request, const CutBefore& cut_before) {
  std::vector<Part> parts;
  PartBuilder part = first_part(request);
  const VisitSpan visit = [&](const Place& place, std::string_view span) {
    if (!part.empty() && cut_before(part, place, span)) {
      parts.push_back(part.seal());
    }
    part.add(place, span);
  };
  if (Status visited = SpanWalk(request, visit).run(); !visited) {
    return fail(std::move(visited).error());
  }
  parts.push_back(part.seal());
  return parts;
}

}  // namespace

Result<std::vector<Part>> split_by_bytes(std::string_view request, size_t bytes_max) {
  const Result<WalkSummary> summary = walk(request);
  if (!summary) {
    return fail(summary.error());
  }
  if (request.size() <= bytes_max || summary->spans <= 1) {
    return std::vector<Part>{{std::string(request), summary->spans}};
  }
  const size_t headers_max = bytes_max / 2;
  return split_where(request,
                     [=](const PartBuilder& part, const Place& place, std::string_view span) {
                       const size_t resource = place.resource_headers.size();
                       const size_t scope = place.scope_headers.size();
                       if ((part.has_open_resource(place) && resource > headers_max) ||
                           (part.has_open_scope(place) && resource + scope > headers_max)) {
                         return false;
                       }
                       return part.size_with(place, span) > bytes_max;
                     });
}

Result<std::pair<Part, Part>> split_in_half(std::string_view request) {
  const Result<WalkSummary> summary = walk(request);
  if (!summary) {
    return fail(summary.error());
  }
  DT_CHECK(summary->spans >= 2);
  const uint32_t first = summary->spans - summary->spans / 2;
  bool cut = false;
  Result<std::vector<Part>> parts =
      split_where(request, [&cut, first](const PartBuilder& part, const Place&, std::string_view) {
        return !cut && (cut = part.spans() == first);
      });
  if (!parts) {
    return fail(std::move(parts).error());
  }
  DT_CHECK(parts->size() == 2);
  return std::pair{std::move(parts->front()), std::move(parts->back())};
}

Result<Separated> separate(std::string_view request, const std::vector<uint32_t>& ordinals) {
  std::vector<uint32_t> wanted = ordinals;
  std::ranges::sort(wanted);
  auto next = wanted.begin();
  uint32_t ordinal = 0;
  PartBuilder kept = first_part(request);
  PartBuilder taken;
  const VisitSpan visit = [&](const Place& place, std::string_view span) {
    next = std::find_if(next, wanted.end(), [ordinal](uint32_t at) { return at >= ordinal; });
    const bool is_wanted = next != wanted.end() && *next == ordinal;
    (is_wanted ? taken : kept).add(place, span);
    ++ordinal;
  };
  if (Status visited = SpanWalk(request, visit).run(); !visited) {
    return fail(std::move(visited).error());
  }
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

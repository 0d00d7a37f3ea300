#include "agent/otlp/walk.h"

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"

namespace dualtrace::agent {

Result<WalkSummary> walk(std::string_view request) {
  WalkSummary summary;
  WireReader top(request, kRequestBytesFields);
  while (const auto resource_spans = top.next()) {
    if (resource_spans->number != kRequestResourceSpans) {
      continue;
    }
    ++summary.resource_spans;
    WireReader resource(resource_spans->value, kResourceSpansBytesFields);
    while (const auto scope_spans = resource.next()) {
      if (scope_spans->number != kResourceSpansScopeSpans) {
        continue;
      }
      WireReader scope(scope_spans->value, kScopeSpansBytesFields);
      while (const auto span = scope.next()) {
        summary.spans += span->number == kScopeSpansSpans ? 1 : 0;
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

}  // namespace dualtrace::agent

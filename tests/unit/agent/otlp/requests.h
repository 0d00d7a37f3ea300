// SPDX-License-Identifier: Apache-2.0
#pragma once
// Requests for the tests of this folder. They are built with protobuf, so that its parser checks
// everything that the wire code does. Used from one thread.

#include <cstdint>
#include <random>
#include <string>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::agent {

using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using ResourceSpans = opentelemetry::proto::trace::v1::ResourceSpans;
using ScopeSpans = opentelemetry::proto::trace::v1::ScopeSpans;
using Span = opentelemetry::proto::trace::v1::Span;
using Attributes = google::protobuf::RepeatedPtrField<opentelemetry::proto::common::v1::KeyValue>;

inline void add_attribute(Attributes& attributes, const std::string& key,
                          const std::string& value) {
  auto& attribute = *attributes.Add();
  attribute.set_key(key);
  attribute.mutable_value()->set_string_value(value);
}

inline void fill_span(Span& span, uint64_t number, size_t attributes) {
  span.set_trace_id("0123456789abcdef");
  const uint64_t id = number + 1;
  span.set_span_id(std::string(reinterpret_cast<const char*>(&id), sizeof(id)));
  span.set_name("chat " + std::to_string(number));
  span.set_kind(Span::SPAN_KIND_CLIENT);
  span.set_start_time_unix_nano(1'700'000'000'000'000'000 + number);
  span.set_end_time_unix_nano(1'700'000'000'500'000'000 + number);
  for (size_t index = 0; index < attributes; ++index) {
    add_attribute(*span.mutable_attributes(), "llm.attribute." + std::to_string(index),
                  "value " + std::to_string(number * 31 + index));
  }
  span.mutable_status()->set_code(opentelemetry::proto::trace::v1::Status::STATUS_CODE_OK);
}

inline ScopeSpans& add_scope(ResourceSpans& resource, const std::string& name) {
  ScopeSpans& scope = *resource.add_scope_spans();
  scope.mutable_scope()->set_name(name);
  scope.set_schema_url("https://schema/" + name);
  return scope;
}

// One resource, one scope: the request of a typical SDK.
inline Request plain_request(size_t spans, size_t attributes = 8) {
  Request request;
  ResourceSpans& resource = *request.add_resource_spans();
  add_attribute(*resource.mutable_resource()->mutable_attributes(), "service.name", "checkout");
  ScopeSpans& scope = add_scope(resource, "openai");
  for (size_t number = 0; number < spans; ++number) {
    fill_span(*scope.add_spans(), number, attributes);
  }
  return request;
}

// Several resources and scopes of different shapes, some empty, with unknown fields everywhere.
inline Request random_request(std::mt19937& random) {
  Request request;
  uint64_t number = 0;
  for (size_t r = random() % 4; r > 0; --r) {
    ResourceSpans& resource = *request.add_resource_spans();
    if (random() % 4 != 0) {
      add_attribute(*resource.mutable_resource()->mutable_attributes(), "service.name",
                    "service-" + std::to_string(r));
    }
    if (random() % 3 == 0) {
      resource.set_schema_url("https://schema/" + std::to_string(r));
    }
    if (random() % 3 == 0) {
      ResourceSpans::GetReflection()->MutableUnknownFields(&resource)->AddVarint(1000, r);
    }
    for (size_t s = random() % 4; s > 0; --s) {
      ScopeSpans& scope = add_scope(resource, "scope-" + std::to_string(s));
      if (random() % 3 == 0) {
        auto& unknown = *ScopeSpans::GetReflection()->MutableUnknownFields(&scope);
        unknown.AddGroup(99)->AddLengthDelimited(7, "in a group");
      }
      for (size_t spans = random() % 8; spans > 0; --spans) {
        fill_span(*scope.add_spans(), number++, random() % 6);
      }
    }
  }
  if (random() % 3 == 0) {
    Request::GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(77, "later");
  }
  return request;
}

inline uint32_t count_spans(const Request& request) {
  int spans = 0;
  for (const ResourceSpans& resource : request.resource_spans()) {
    for (const ScopeSpans& scope : resource.scope_spans()) {
      spans += scope.spans_size();
    }
  }
  return static_cast<uint32_t>(spans);
}

// Changes, removes, duplicates or cuts off some bytes.
inline std::string mutate(std::string bytes, std::mt19937& random) {
  for (size_t changes = 1 + random() % 3; changes > 0 && !bytes.empty(); --changes) {
    const size_t at = random() % bytes.size();
    switch (random() % 5) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
        break;
      case 2:
        bytes.erase(at, 1 + random() % 4);
        break;
      case 3:
        bytes.insert(at, bytes.substr(random() % bytes.size(), 1 + random() % 40));
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

}  // namespace dualtrace::agent

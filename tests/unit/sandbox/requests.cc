// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sandbox/requests.h"

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::sandbox {

std::string to_bytes(const TestRequest& request) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest proto;
  auto* resource = proto.add_resource_spans();
  if (!request.project_key.empty()) {
    auto* project = resource->mutable_resource()->add_attributes();
    project->set_key(request.project_key);
    project->mutable_value()->set_string_value("support-agents");
  }
  if (request.padding_bytes > 0) {
    auto* padding = resource->mutable_resource()->add_attributes();
    padding->set_key("padding");
    padding->mutable_value()->set_string_value(std::string(request.padding_bytes, 'x'));
  }
  auto* scope = resource->add_scope_spans();
  char span_id = request.first_span_id;
  for (const std::string& name : request.span_names) {
    auto* span = scope->add_spans();
    span->set_trace_id(std::string(16, '\x0a'));
    span->set_span_id(std::string(7, '\0') + span_id++);
    span->set_name(name);
  }
  return proto.SerializeAsString();
}

}  // namespace dualtrace::sandbox

// SPDX-License-Identifier: Apache-2.0
// The walk accepts whatever protobuf accepts, with the same counts; the one exception is intended.

#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/otlp/walk.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer silence;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto summary = dualtrace::agent::walk(input);
  if (auto received = dualtrace::agent::walk_received(input)) {
    DT_CHECK(summary.has_value());
    std::string renamed(input);
    dualtrace::agent::rename_old_scopes(renamed);
    const uint32_t spans = received->spans;
    DT_CHECK(renamed.size() == input.size());
    DT_CHECK(dualtrace::agent::walk(renamed).value().spans == spans);
  } else {
    DT_CHECK(received.error().kind == dualtrace::ErrorKind::kInvalid);
  }
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) {
    return 0;
  }
  if (!summary) {
    DT_CHECK(summary.error().message.ends_with("wrong wire type for a known field"));
    return 0;
  }
  int spans = 0;
  for (const auto& resource : request.resource_spans()) {
    for (const auto& scope : resource.scope_spans()) {
      spans += scope.spans_size();
    }
  }
  DT_CHECK(summary->spans == static_cast<uint32_t>(spans));
  DT_CHECK(summary->resource_spans == static_cast<uint32_t>(request.resource_spans_size()));
  return 0;
}

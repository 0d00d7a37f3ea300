// SPDX-License-Identifier: Apache-2.0
// Splicing keeps a request well-formed, adds at most what it reports, and adds nothing a second
// time.

#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>

#include "agent/otlp/splice.h"
#include "agent/otlp/walk.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using dualtrace::agent::ResourceAddition;
  const google::protobuf::LogSilencer silence;
  static const std::vector<ResourceAddition> additions = {
      {.add = {{"k8s.cluster.name", "west"}},
       .unless_resource_has = {"k8s.cluster.name"},
       .unless_spans_have = {}},
      {.add = {{"openinference.project.name", "agents"}, {"model_id", "agents"}},
       .unless_resource_has = {"openinference.project.name", "model_id", "arize.project.name"},
       .unless_spans_have = {"arize.project.name"}}};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto before = dualtrace::agent::walk(input);
  if (!before) {
    return 0;
  }
  const auto spliced = dualtrace::agent::splice(input, additions);
  if (!spliced || !*spliced) {
    return 0;
  }
  const std::string& output = **spliced;
  DT_CHECK(output.size() <=
           size + before->resource_spans * dualtrace::agent::spliced_bytes_max(additions));
  DT_CHECK(dualtrace::agent::walk(output).value() == *before);
  DT_CHECK(!dualtrace::agent::splice(output, additions).value().has_value());
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest request;
  if (request.ParseFromArray(data, static_cast<int>(size))) {
    DT_CHECK(request.ParseFromString(output));
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Any request decoded from OTLP/JSON is accepted by the walk and by protobuf.

#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/otlp/json.h"
#include "agent/otlp/walk.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer silence;
  const auto bytes =
      dualtrace::agent::protobuf_from_json(std::string(reinterpret_cast<const char*>(data), size));
  if (!bytes) {
    return 0;
  }
  DT_CHECK(bytes->size() <= size);
  DT_CHECK(dualtrace::agent::walk(*bytes).has_value());
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest request;
  DT_CHECK(request.ParseFromString(*bytes));
  return 0;
}

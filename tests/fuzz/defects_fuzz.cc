// SPDX-License-Identifier: Apache-2.0
// For any bytes that the walk accepts: the ordinals of defects ascend, removing those spans leaves
// a request that protobuf accepts, and every span is in exactly one of the two parts.

#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/otlp/defects.h"
#include "agent/otlp/split.h"
#include "agent/otlp/walk.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using dualtrace::agent::walk;
  const google::protobuf::LogSilencer silence;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto defects = dualtrace::agent::find_defects(input);
  const auto summary = walk(input);
  if (!summary) {
    return 0;
  }
  std::vector<uint32_t> ordinals;
  for (const auto& defect : defects) {
    DT_CHECK(defect.ordinal < summary->spans);
    DT_CHECK(ordinals.empty() || ordinals.back() < defect.ordinal);
    DT_CHECK(!defect.what.empty());
    ordinals.push_back(defect.ordinal);
  }
  const auto separated = dualtrace::agent::separate(input, ordinals).value();
  DT_CHECK(separated.taken_spans == ordinals.size());
  DT_CHECK(separated.kept_spans + separated.taken_spans == summary->spans);
  DT_CHECK(walk(separated.kept).value().spans == separated.kept_spans);
  DT_CHECK(walk(separated.taken).value().spans == separated.taken_spans);
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest kept;
  DT_CHECK(kept.ParseFromString(separated.kept));
  return 0;
}

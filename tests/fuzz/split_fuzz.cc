// SPDX-License-Identifier: Apache-2.0
// Splitting loses no span and does not multiply the bytes, whatever the limit.

#include <cstddef>
#include <cstdint>

#include "agent/otlp/split.h"
#include "agent/otlp/walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) {
    return 0;
  }
  const size_t bytes_max = size_t{data[0]} << (data[1] % 8);
  const std::string_view input(reinterpret_cast<const char*>(data + 2), size - 2);
  const auto summary = dualtrace::agent::walk(input);
  const auto parts = dualtrace::agent::split_by_bytes(input, bytes_max);
  DT_CHECK(parts.has_value() == summary.has_value());
  if (!parts) {
    return 0;
  }
  uint32_t spans = 0;
  size_t bytes = 0;
  for (const auto& part : *parts) {
    DT_CHECK(dualtrace::agent::walk(part.request).value().spans == part.spans);
    spans += part.spans;
    bytes += part.request.size();
  }
  DT_CHECK(spans == summary->spans);
  DT_CHECK(bytes <= 6 * input.size() + bytes_max);
  if (spans >= 2) {
    const auto halves = dualtrace::agent::split_in_half(input).value();
    DT_CHECK(halves.first.spans + halves.second.spans == spans);
    DT_CHECK(halves.first.spans - halves.second.spans <= 1);
  }
  return 0;
}

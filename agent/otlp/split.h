#pragma once
// Split: cuts a serialised ExportTraceServiceRequest at span boundaries, by bytes. Each part is a
// request of its own, with its resource and scope headers repeated; a span is never cut. The lanes'
// batcher uses it for records above a batch's size, and to halve what a destination refuses.
// Merging needs no code: concatenated requests are one request. Pure, fuzzed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"

namespace dualtrace::agent {

struct Part {
  std::string request;
  uint32_t spans = 0;
};

// Parts of at most `bytes_max` each, in order; a single span whose part is larger is a part alone.
// Sum of spans = walk(request).spans. `request` has passed walk().
Result<std::vector<Part>> split_by_bytes(std::string_view request, size_t bytes_max);

// Two parts with half of the spans each (the first gets the odd one). DT_CHECKs spans >= 2.
Result<std::pair<Part, Part>> split_in_half(std::string_view request);

}  // namespace dualtrace::agent

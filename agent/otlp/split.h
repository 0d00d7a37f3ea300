// SPDX-License-Identifier: Apache-2.0
#pragma once
// Split: splits a serialized ExportTraceServiceRequest at span boundaries, by bytes. Each part is a
// valid request that repeats its resource and scope headers (including unknown fields; those of the
// request itself go to the first part). A span is never cut. The lanes' batcher uses it for records
// that exceed the batch size, to halve what a destination refuses, and to set aside faulty spans.
// Merging needs no code: concatenated requests are one request. Pure, fuzzed.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error/result.h"

namespace dualtrace::agent {

struct Part {
  std::string request;
  uint32_t spans = 0;
};

// Parts of at most `bytes_max` each, in order. A single span that is larger is a part of its own.
// So is, to bound the cost of repeating headers, a resource or scope whose headers alone exceed
// half of `bytes_max`. The spans add up to walk(request).spans. With more than one part, resources
// and scopes without spans are left out. `request` has passed walk().
Result<std::vector<Part>> split_by_bytes(std::string_view request, size_t bytes_max);

// The same parts one by one, so that only one of them is in memory at a time in addition to the
// request, which outlives the cursor. Each part may have a different limit. Used from one thread.
class PartCursor {
 public:
  explicit PartCursor(std::string_view request);
  ~PartCursor();
  PartCursor(const PartCursor&) = delete;
  PartCursor& operator=(const PartCursor&) = delete;

  // nullopt if no span is left.
  Result<std::optional<Part>> next(size_t bytes_max);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// Two parts with half of the spans each (the first gets the odd one). DT_CHECKs spans >= 2.
Result<std::pair<Part, Part>> split_in_half(std::string_view request);

// The spans with these ordinals (counted from 0 in wire order), and the others, each as a request
// like a Part of split_by_bytes. A request without spans is "". Fields of the request itself stay
// with `kept` if it has spans.
struct Separated {
  std::string kept;
  std::string taken;
  uint32_t kept_spans = 0;
  uint32_t taken_spans = 0;
};

// Ordinals may be in any order; those that the request does not have are ignored. `request` has
// passed walk().
Result<Separated> separate(std::string_view request, const std::vector<uint32_t>& ordinals);

}  // namespace dualtrace::agent

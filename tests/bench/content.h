// SPDX-License-Identifier: Apache-2.0
#pragma once
// Content: export requests that look like applications', serialised once; what is sent is a copy
// with the spans' ids and end times written over. Small spans are an HTTP service's, from 4 kB on a
// chat model's in OpenInference's words, each message in there twice as its instrumentation does.
// gzip makes them about five times smaller, as it does with true ones. Used from one thread.

#include <cstdint>
#include <string>
#include <vector>

#include "common/random/random.h"
#include "common/time/clock.h"

namespace dualtrace::bench {

inline constexpr uint32_t kSpanEndTime = 8;  // field of Span that tells when it was sent

struct ContentOptions {
  uint32_t spans_per_request = 100;
  uint32_t span_bytes = 600;
  uint64_t seed = 1;
};

class Content {
 public:
  explicit Content(const ContentOptions& options);

  // A request whose spans have the numbers from `first_span` on and end now.
  [[nodiscard]] std::string request(uint64_t first_span, WallTime now);

 private:
  struct Template {
    std::string bytes;
    std::vector<size_t> trace_ids{};  // where each span's id stands in `bytes`
    std::vector<size_t> span_ids{};
    std::vector<size_t> end_times{};
  };
  static Template make_template(const ContentOptions& options, Random& random);

  std::vector<Template> templates_;  // several, so that gzip does not always see the same text
  size_t next_ = 0;
};

}  // namespace dualtrace::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Content: export requests that resemble those of applications, serialized once; each request is a
// copy with new span ids and end times. Small spans are those of an HTTP service; from 4 kB on,
// those of a chat model with OpenInference attributes, each message twice, as its instrumentation
// writes them. gzip shrinks them about fivefold, like real ones. Used from one thread.

#include <cstdint>
#include <string>
#include <vector>

#include "common/random/random.h"
#include "common/time/clock.h"

namespace dualtrace::bench {

inline constexpr uint32_t kSpanEndTime = 8;  // field of Span with the time of sending

struct ContentOptions {
  uint32_t spans_per_request = 100;
  uint32_t span_bytes = 600;
  uint64_t seed = 1;
};

class Content {
 public:
  explicit Content(const ContentOptions& options);

  // A request whose spans are numbered from `first_span` on and end at `now`.
  [[nodiscard]] std::string request(uint64_t first_span, WallTime now);

 private:
  struct Template {
    std::string bytes;
    std::vector<size_t> trace_ids{};  // offset of each span's id in `bytes`
    std::vector<size_t> span_ids{};
    std::vector<size_t> end_times{};
  };
  static Template make_template(const ContentOptions& options, Random& random);

  std::vector<Template> templates_;  // several, so that gzip does not always compress the same text
  size_t next_ = 0;
};

}  // namespace dualtrace::bench

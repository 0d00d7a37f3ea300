// SPDX-License-Identifier: Apache-2.0
#pragma once
// SinkDestination: what one destination of the sink has received: spans by their numbers (so that
// each loss and each duplicate is known), their delays, and how it behaves towards clients.
// Thread-safe.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"
#include "tests/bench/latencies.h"
#include "tests/bench/span_ids.h"

namespace dualtrace::bench {

enum class Behaviour {
  kAnswer,
  kDelay,  // counts the spans and answers later
  kHang,   // reads the bytes, stores nothing, never answers
};

class SinkDestination {
 public:
  // Numbers from `spans_max` on are counted, but not distinguished.
  explicit SinkDestination(uint64_t spans_max) : spans_max_(spans_max), seen_(spans_max) {}

  // Counts a request's body. kInvalid if it is not an export request.
  Status take(std::string_view body, bool gzip, WallTime now);
  [[nodiscard]] nlohmann::json counts() const;
  // The result of SpanSet::bytes().
  [[nodiscard]] std::string seen() const;
  void forget();

  [[nodiscard]] Behaviour behaviour() const;
  [[nodiscard]] Duration delay() const;
  void behave(Behaviour behaviour, Duration delay);

 private:
  struct ArrivedSpan {
    uint64_t number = 0;
    WallTime ended;
  };
  struct Arrived {
    std::vector<ArrivedSpan> spans;
    uint64_t unknown = 0;  // spans whose trace id is not a number
  };
  static Result<Arrived> read(std::string_view request);
  static void read_span(std::string_view span, Arrived& arrived);

  const uint64_t spans_max_;
  mutable Mutex mutex_;
  SpanSet seen_ DT_GUARDED_BY(mutex_);
  Latencies delays_ DT_GUARDED_BY(mutex_);
  uint64_t requests_ DT_GUARDED_BY(mutex_) = 0;
  uint64_t duplicates_ DT_GUARDED_BY(mutex_) = 0;
  uint64_t unknown_ DT_GUARDED_BY(mutex_) = 0;
  Behaviour behaviour_ DT_GUARDED_BY(mutex_) = Behaviour::kAnswer;
  Duration delay_ DT_GUARDED_BY(mutex_){0};
};

}  // namespace dualtrace::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Span numbers as trace ids: the generator numbers the spans it sends 0, 1, 2, …, and a span's
// trace id is its number, scrambled so that it compresses like a random one. The sink therefore
// knows exactly which span it has: a set of spans is a bitmap. Pure, but for SpanSet: Used from one
// thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dualtrace::bench {

inline constexpr size_t kTraceIdBytes = 16;

[[nodiscard]] std::array<char, kTraceIdBytes> trace_id_of(uint64_t span_number);
// Nothing if the id is not a result of trace_id_of().
[[nodiscard]] std::optional<uint64_t> span_number_of(std::string_view trace_id);

// Numbers below `numbers_max`, one bit each, in as much memory as the highest number needs.
class SpanSet {
 public:
  explicit SpanSet(uint64_t numbers_max) : numbers_max_(numbers_max) {}

  enum class Added { kNew, kAgain, kTooHigh };
  Added add(uint64_t number);

  [[nodiscard]] uint64_t size() const { return size_; }
  // Number n is bit n % 8 of byte n / 8.
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  uint64_t numbers_max_;
  uint64_t size_ = 0;
  std::string bytes_;
};

}  // namespace dualtrace::bench

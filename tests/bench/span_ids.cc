// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/span_ids.h"

namespace dualtrace::bench {
namespace {

constexpr uint64_t kFactor = 0x9E3779B97F4A7C15;  // odd, so that the multiplication is invertible
constexpr uint64_t kSalt = 0x64756C7472616365;    // makes the second half differ

// Newton's iteration for 1/kFactor modulo 2^64: each step doubles the number of correct bits.
constexpr uint64_t inverse_factor() {
  uint64_t inverse = kFactor;
  for (int i = 0; i < 5; ++i) inverse *= 2 - kFactor * inverse;
  return inverse;
}
static_assert(kFactor * inverse_factor() == 1);

constexpr uint64_t scrambled(uint64_t number) {
  const uint64_t product = number * kFactor;
  return product ^ (product >> 32);
}

constexpr uint64_t unscrambled(uint64_t value) {
  return (value ^ (value >> 32)) * inverse_factor();
}

void put(uint64_t value, char* bytes) {
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i));
}

uint64_t take(const char* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

std::array<char, kTraceIdBytes> trace_id_of(uint64_t span_number) {
  std::array<char, kTraceIdBytes> id{};
  put(scrambled(span_number), id.data());
  put(scrambled(span_number ^ kSalt), id.data() + 8);
  return id;
}

std::optional<uint64_t> span_number_of(std::string_view trace_id) {
  if (trace_id.size() != kTraceIdBytes) return std::nullopt;
  const uint64_t number = unscrambled(take(trace_id.data()));
  if (take(trace_id.data() + 8) != scrambled(number ^ kSalt)) return std::nullopt;
  return number;
}

SpanSet::Added SpanSet::add(uint64_t number) {
  if (number >= numbers_max_) return Added::kTooHigh;
  const size_t index = number / 8;
  if (index >= bytes_.size()) bytes_.resize(index + 1);
  const auto bit = static_cast<unsigned char>(1U << (number % 8));
  if ((static_cast<unsigned char>(bytes_[index]) & bit) != 0) return Added::kAgain;
  bytes_[index] = static_cast<char>(static_cast<unsigned char>(bytes_[index]) | bit);
  ++size_;
  return Added::kNew;
}

}  // namespace dualtrace::bench

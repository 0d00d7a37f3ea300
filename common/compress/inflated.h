// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inflated: the output of a decoder, in a buffer that grows up to a limit. Both decoders write into
// one; MayGrowTo is called first. Used by gzip.cc and zstd.cc. Used from one thread.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "common/error/result.h"

namespace dualtrace {

// Called before the output buffer grows, with the most bytes that it then needs (including the old
// buffer, which is copied). An error ends decompression.
using MayGrowTo = std::function<Status(size_t bytes)>;

class Inflated {
 public:
  // One extra byte above the limit distinguishes "exactly full" from "more to come".
  Inflated(size_t bytes_max, const MayGrowTo& may_grow_to)
      : room_max_(bytes_max + 1), may_grow_to_(may_grow_to) {}

  // The size that the input declares is only a first guess, limited to a usual ratio: a wrong size
  // costs a second buffer, but never unlimited memory. One extra byte lets the decoder see the end.
  Status begin(unsigned long long claimed, size_t compressed_bytes) {
    constexpr size_t kSmallest = 512;
    constexpr size_t kUsualRatioMax = 16;
    const size_t usual = std::max(kSmallest, kUsualRatioMax * compressed_bytes);
    const auto guess = static_cast<size_t>(std::min<unsigned long long>(claimed, usual));
    return grow(std::clamp(guess + 1, kSmallest, usual));
  }
  // Grows the buffer if it is full.
  Status make_room() { return room() > 0 ? Status() : grow(2 * size_); }
  // Accounts for the decoder's own memory in addition to the buffers; it only grows.
  Status use(size_t work_bytes) {
    if (work_bytes <= work_bytes_) return {};
    work_bytes_ = work_bytes;
    return ask(bytes_.size());
  }

  [[nodiscard]] char* end() { return bytes_.data() + size_; }
  [[nodiscard]] size_t room() const { return bytes_.size() - size_; }
  void wrote(size_t bytes) { size_ += bytes; }
  // kExhausted above the limit. The message starts with `format`: "gzip".
  [[nodiscard]] Status check_limit(std::string_view format) const {
    if (size_ < room_max_) return {};
    return fail(ErrorKind::kExhausted, std::string(format) + ": more than " +
                                           std::to_string(room_max_ - 1) +
                                           " bytes after inflation");
  }
  [[nodiscard]] std::string take() {
    bytes_.resize(size_);
    return std::move(bytes_);
  }

 private:
  Status grow(size_t bytes) {
    const size_t next = std::min(bytes, room_max_);
    if (Status allowed = ask(bytes_.size() + next); !allowed) return allowed;
    bytes_.resize(next);
    return {};
  }
  [[nodiscard]] Status ask(size_t output_bytes) const {
    return may_grow_to_ ? may_grow_to_(output_bytes + work_bytes_) : Status();
  }

  const size_t room_max_;
  const MayGrowTo& may_grow_to_;
  std::string bytes_;
  size_t size_ = 0;
  size_t work_bytes_ = 0;
};

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/compress/zstd.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>

namespace dualtrace {
namespace {

constexpr uint32_t kFramesMax = 16'384;
constexpr int kWindowLogMax = std::bit_width(kZstdWindowBytesMax) - 1;

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

// The memory that the decoder allocates for the frame that starts here: its tables, the window, and
// two blocks.
size_t work_bytes(std::string_view frame) {
  constexpr size_t kTables = 256 * 1024;
  constexpr size_t kBlockMax = 128 * 1024;
  constexpr std::string_view kMagic("\x28\xb5\x2f\xfd", 4);
  if (frame.size() < 6 || !frame.starts_with(kMagic)) return kTables;
  const auto byte = [frame](size_t at) { return static_cast<uint8_t>(frame[at]); };
  size_t window = 0;
  const bool single_segment = (byte(4) & 0x20) != 0;
  if (single_segment) {
    window = static_cast<size_t>(std::min<unsigned long long>(
        ZSTD_getFrameContentSize(frame.data(), frame.size()), kZstdWindowBytesMax));
  } else {
    const size_t base = size_t{1} << (10 + (byte(5) >> 3));
    window = std::min(base + base / 8 * (byte(5) & 7), kZstdWindowBytesMax);
  }
  return kTables + window + 2 * std::min(window, kBlockMax);
}

unsigned long long claimed_bytes(std::string_view compressed) {
  const unsigned long long claimed = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  const bool none = claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed == ZSTD_CONTENTSIZE_ERROR;
  return none ? 4 * compressed.size() : claimed;
}

class Inflater {
 public:
  Inflater(std::string_view compressed, size_t bytes_max, const MayGrowTo& may_grow_to)
      : input_{compressed.data(), compressed.size(), 0},
        output_(bytes_max, may_grow_to),
        stream_(ZSTD_createDStream()) {
    DT_CHECK(stream_ != nullptr);
    DT_CHECK(ZSTD_isError(
                 ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLogMax)) == 0);
  }

  Result<std::string> run() {
    if (input_.size == 0) return fail(ErrorKind::kInvalid, "zstd: empty");
    const std::string_view compressed = left_of_input();
    Status begun = output_.use(work_bytes(compressed));
    if (begun) begun = output_.begin(claimed_bytes(compressed), compressed.size());
    if (!begun) return fail(std::move(begun).error());
    while (true) {
      Result<bool> done = step();
      if (!done) return fail(std::move(done).error());
      if (*done) return output_.take();
    }
  }

 private:
  // Inflates as much as the buffer holds; returns true at the end of the last frame.
  Result<bool> step() {
    if (Status made = output_.make_room(); !made) return fail(std::move(made).error());
    ZSTD_outBuffer output{output_.end(), output_.room(), 0};
    const size_t input_before = input_.pos;
    const size_t left = ZSTD_decompressStream(stream_.get(), &output, &input_);
    if (ZSTD_isError(left) != 0) {
      return fail(ErrorKind::kInvalid, std::string("zstd: ").append(ZSTD_getErrorName(left)));
    }
    const bool moved = output.pos != 0 || input_.pos != input_before;
    output_.wrote(output.pos);
    if (Status within = output_.check_limit("zstd"); !within) {
      return fail(std::move(within).error());
    }
    if (left == 0) {
      if (input_.pos == input_.size) return true;
      if (++frames_ == kFramesMax) {
        return fail(ErrorKind::kInvalid,
                    "zstd: more than " + std::to_string(kFramesMax) + " frames");
      }
      if (Status allowed = output_.use(work_bytes(left_of_input())); !allowed) {
        return fail(std::move(allowed).error());
      }
    } else if (!moved || (input_.pos == input_.size && output_.room() > 0)) {
      return fail(ErrorKind::kInvalid, "zstd: cut short");
    }
    return false;
  }

  [[nodiscard]] std::string_view left_of_input() const {
    return std::string_view(static_cast<const char*>(input_.src), input_.size).substr(input_.pos);
  }

  ZSTD_inBuffer input_;
  Inflated output_;
  const std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
  uint32_t frames_ = 0;  // completed
};

}  // namespace

Result<std::string> unzstd(std::string_view compressed, size_t bytes_max,
                           const MayGrowTo& may_grow_to) {
  return Inflater(compressed, bytes_max, may_grow_to).run();
}

Result<std::string> unzstd(std::string_view compressed, size_t bytes_max) {
  return unzstd(compressed, bytes_max, MayGrowTo{});
}

}  // namespace dualtrace

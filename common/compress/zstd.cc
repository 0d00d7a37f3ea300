#include "common/compress/zstd.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>

namespace dualtrace {
namespace {

constexpr size_t kSmallestOutput = 512;
constexpr uint32_t kFramesMax = 16'384;
constexpr int kWindowLogMax = std::bit_width(kZstdWindowBytesMax) - 1;

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

// What the decoder allocates for the frame that begins here: its tables, the window, a block twice.
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

// As for gzip: a claim is a first guess, kept to what usually comes out.
size_t first_output_bytes(std::string_view compressed) {
  constexpr size_t kUsualRatioMax = 16;
  const unsigned long long claimed = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  const size_t usual = std::max(kSmallestOutput, kUsualRatioMax * compressed.size());
  if (claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed == ZSTD_CONTENTSIZE_ERROR) {
    return std::clamp<size_t>(4 * compressed.size(), kSmallestOutput, usual);
  }
  return std::clamp<size_t>(static_cast<size_t>(std::min<unsigned long long>(claimed, usual)) + 1,
                            kSmallestOutput, usual);
}

class Inflater {
 public:
  Inflater(std::string_view compressed, size_t bytes_max, const MayGrowTo& may_grow_to)
      : input_{compressed.data(), compressed.size(), 0},
        // One byte of room above the limit tells "just full" from "more to come".
        room_max_(bytes_max + 1),
        may_grow_to_(may_grow_to),
        stream_(ZSTD_createDStream()) {
    DT_CHECK(stream_ != nullptr);
    DT_CHECK(ZSTD_isError(
                 ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLogMax)) == 0);
  }

  Result<std::string> run() {
    if (input_.size == 0) return fail(ErrorKind::kInvalid, "zstd: empty");
    const std::string_view compressed = left_of_input();
    work_bytes_ = work_bytes(compressed);
    if (Status grown = grow(first_output_bytes(compressed)); !grown) {
      return fail(std::move(grown).error());
    }
    while (true) {
      Result<bool> done = step();
      if (!done) return fail(std::move(done).error());
      if (*done) {
        output_.resize(size_);
        return std::move(output_);
      }
    }
  }

 private:
  // Inflates what the buffer has room for; true at the end of the last frame.
  Result<bool> step() {
    if (size_ == output_.size()) {
      if (Status grown = grow(2 * size_); !grown) return fail(std::move(grown).error());
    }
    ZSTD_outBuffer output{output_.data(), output_.size(), size_};
    const size_t input_before = input_.pos;
    const size_t left = ZSTD_decompressStream(stream_.get(), &output, &input_);
    if (ZSTD_isError(left) != 0) {
      return fail(ErrorKind::kInvalid, std::string("zstd: ").append(ZSTD_getErrorName(left)));
    }
    const bool moved = output.pos != size_ || input_.pos != input_before;
    size_ = output.pos;
    if (size_ == room_max_) {
      return fail(ErrorKind::kExhausted,
                  "zstd: more than " + std::to_string(room_max_ - 1) + " bytes after inflation");
    }
    if (left == 0) {
      if (input_.pos == input_.size) return true;
      if (++frames_ == kFramesMax) {
        return fail(ErrorKind::kInvalid,
                    "zstd: more than " + std::to_string(kFramesMax) + " frames");
      }
      const std::string_view rest = left_of_input();
      if (const size_t work = work_bytes(rest); work > work_bytes_) {
        work_bytes_ = work;
        if (Status allowed = ask(output_.size()); !allowed) return fail(std::move(allowed).error());
      }
    } else if (!moved || (input_.pos == input_.size && size_ < output_.size())) {
      return fail(ErrorKind::kInvalid, "zstd: cut short");
    }
    return false;
  }

  Status grow(size_t bytes) {
    const size_t next = std::min(bytes, room_max_);
    if (Status allowed = ask(output_.size() + next); !allowed) return allowed;
    output_.resize(next);
    return {};
  }

  Status ask(size_t output_bytes) const {
    return may_grow_to_ ? may_grow_to_(output_bytes + work_bytes_) : Status();
  }

  [[nodiscard]] std::string_view left_of_input() const {
    return std::string_view(static_cast<const char*>(input_.src), input_.size).substr(input_.pos);
  }

  ZSTD_inBuffer input_;
  const size_t room_max_;
  const MayGrowTo& may_grow_to_;
  const std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
  std::string output_;
  size_t size_ = 0;
  size_t work_bytes_ = 0;  // the most that a frame so far has taken
  uint32_t frames_ = 0;    // that have ended
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

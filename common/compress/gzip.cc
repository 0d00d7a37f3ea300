// SPDX-License-Identifier: Apache-2.0
#include "common/compress/gzip.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>

namespace dualtrace {
namespace {

// ISA-L counts the bytes of one call in 32 bits.
constexpr size_t kIsalBytesMax = std::numeric_limits<uint32_t>::max();
constexpr size_t kSmallestOutput = 512;
constexpr size_t kTrailerBytes = 8;
// Enough for writers that start a member every few kB. An empty member costs half a microsecond.
constexpr uint32_t kMembersMax = 16'384;

// ISA-L takes a pointer to mutable input but only reads it.
uint8_t* input_bytes(std::string_view input) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(input.data()));
}

uint8_t* output_bytes(std::string& output, size_t offset) {
  return reinterpret_cast<uint8_t*>(output.data() + offset);
}

std::string_view fault_text(int code) {
  switch (code) {
    case ISAL_INVALID_WRAPPER:
      return "not a gzip header";
    case ISAL_UNSUPPORTED_METHOD:
      return "unknown compression method";
    case ISAL_INCORRECT_CHECKSUM:
      return "wrong checksum or length";
    default:
      return "malformed deflate data";
  }
}

// The size that a stream with one member declares; 0 if it declares none.
uint32_t claimed_bytes(std::string_view compressed) {
  uint32_t claimed = 0;
  if (compressed.size() >= kTrailerBytes) {
    std::memcpy(&claimed, compressed.data() + compressed.size() - 4, 4);
  }
  return claimed;
}

class Inflater {
 public:
  Inflater(std::string_view compressed, size_t bytes_max, const MayGrowTo& may_grow_to)
      : compressed_(compressed),
        output_(std::min(bytes_max, kIsalBytesMax - 1), may_grow_to),
        state_(std::make_unique_for_overwrite<inflate_state>()) {}

  Result<std::string> run() {
    if (compressed_.empty()) {
      return fail(ErrorKind::kInvalid, "gzip: empty");
    }
    if (compressed_.size() > kIsalBytesMax) {
      return fail(ErrorKind::kExhausted, "gzip: more than 4 GiB");
    }
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;
    state_->next_in = input_bytes(compressed_);
    state_->avail_in = static_cast<uint32_t>(compressed_.size());
    if (Status begun = output_.begin(claimed_bytes(compressed_), compressed_.size()); !begun) {
      return fail(std::move(begun).error());
    }
    while (true) {
      Result<bool> done = step();
      if (!done) {
        return fail(std::move(done).error());
      }
      if (*done) return output_.take();
    }
  }

 private:
  // Inflates as much as the buffer holds; returns true at the end of the last member.
  Result<bool> step() {
    if (Status made = output_.make_room(); !made) return fail(std::move(made).error());
    const auto room = static_cast<uint32_t>(output_.room());
    const uint32_t input = state_->avail_in;
    state_->next_out = reinterpret_cast<uint8_t*>(output_.end());
    state_->avail_out = room;
    if (const int code = isal_inflate(state_.get()); code != ISAL_DECOMP_OK) {
      return fail(ErrorKind::kInvalid, std::string("gzip: ").append(fault_text(code)));
    }
    output_.wrote(room - state_->avail_out);
    if (Status within = output_.check_limit("gzip"); !within) {
      return fail(std::move(within).error());
    }
    if (state_->block_state == ISAL_BLOCK_FINISH) {
      if (state_->avail_in == 0) {
        return true;
      }
      if (++members_ == kMembersMax) {
        return fail(ErrorKind::kInvalid,
                    "gzip: more than " + std::to_string(kMembersMax) + " members");
      }
      isal_inflate_reset(state_.get());  // for the next member; keeps input, output and crc_flag
    } else if (state_->avail_out == room && state_->avail_in == input) {
      return fail(ErrorKind::kInvalid, "gzip: cut short");
    }
    return false;
  }

  const std::string_view compressed_;
  Inflated output_;
  const std::unique_ptr<inflate_state> state_;
  uint32_t members_ = 0;  // completed
};

}  // namespace

Result<std::string> gunzip(std::string_view compressed, size_t bytes_max,
                           const MayGrowTo& may_grow_to) {
  return Inflater(compressed, bytes_max, may_grow_to).run();
}

Result<std::string> gunzip(std::string_view compressed, size_t bytes_max) {
  return gunzip(compressed, bytes_max, MayGrowTo{});
}

std::string gzip(std::string_view plain) {
  DT_CHECK(plain.size() <= kIsalBytesMax);
  constexpr uint32_t kWorkBytes = ISAL_DEF_LVL1_DEFAULT;
  const auto work = std::make_unique_for_overwrite<uint8_t[]>(kWorkBytes);
  const auto stream = std::make_unique_for_overwrite<isal_zstream>();
  isal_deflate_init(stream.get());
  stream->level = 1;
  stream->level_buf = work.get();
  stream->level_buf_size = kWorkBytes;
  stream->gzip_flag = IGZIP_GZIP;
  stream->end_of_stream = 1;
  stream->next_in = input_bytes(plain);
  stream->avail_in = static_cast<uint32_t>(plain.size());

  std::string output;
  size_t size = 0;
  while (stream->internal_state.state != ZSTATE_END) {
    output.resize(std::max(kSmallestOutput, size == 0 ? plain.size() / 3 : 2 * size));
    const auto room = static_cast<uint32_t>(std::min(output.size() - size, kIsalBytesMax));
    stream->next_out = output_bytes(output, size);
    stream->avail_out = room;
    DT_CHECK(isal_deflate(stream.get()) == COMP_OK);
    size += room - stream->avail_out;
  }
  output.resize(size);
  return output;
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// zstd, decompression only, for requests of clients (docs/decisions/0003). The intake inflates with
// it.
// Pure; while it runs, one call uses 256 kB of heap and the size of a frame's window, in addition
// to its result. Thread-safe.

#include <cstddef>
#include <string>
#include <string_view>

#include "common/compress/inflated.h"
#include "common/error/result.h"

namespace dualtrace {

// The largest window that a frame may need: what RFC 8878 recommends that every decoder supports.
inline constexpr size_t kZstdWindowBytesMax = 8 * 1024 * 1024;

// Inflates all frames of the stream, except skippable ones. kInvalid if it is not zstd, is empty,
// is cut short, has a wrong checksum, needs a dictionary or a larger window, or has more than
// 16,384 frames; kExhausted as soon as the output would exceed `bytes_max`.
Result<std::string> unzstd(std::string_view compressed, size_t bytes_max);
Result<std::string> unzstd(std::string_view compressed, size_t bytes_max,
                           const MayGrowTo& may_grow_to);

}  // namespace dualtrace

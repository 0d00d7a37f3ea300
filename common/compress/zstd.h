// SPDX-License-Identifier: Apache-2.0
#pragma once
// zstd, one way: what clients send (docs/decisions/0003). The intake inflates with it.
// Pure; one call uses 256 kB of heap, and as much again as a frame's window, beside its result
// while it runs. Thread-safe.

#include <cstddef>
#include <string>
#include <string_view>

#include "common/compress/inflated.h"
#include "common/error/result.h"

namespace dualtrace {

// The window that a frame may ask for: what RFC 8878 wants every decoder to support.
inline constexpr size_t kZstdWindowBytesMax = 8 * 1024 * 1024;

// All frames of the stream; skippable ones are passed over. kInvalid when it is not zstd, is empty,
// is cut short, has a wrong checksum, needs a dictionary or a larger window, or has more than
// 16,384 frames; kExhausted as soon as the output would pass `bytes_max`.
Result<std::string> unzstd(std::string_view compressed, size_t bytes_max);
Result<std::string> unzstd(std::string_view compressed, size_t bytes_max,
                           const MayGrowTo& may_grow_to);

}  // namespace dualtrace

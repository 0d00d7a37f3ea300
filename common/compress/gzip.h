// SPDX-License-Identifier: Apache-2.0
#pragma once
// gzip both ways, on ISA-L (docs/decisions/0003: ten times cheaper than zlib at the same size). The
// intake inflates with it, the exporters deflate with it.
// Pure; while it runs, one call uses about 400 kB of heap in addition to its result. Thread-safe.

#include <cstddef>
#include <string>
#include <string_view>

#include "common/compress/inflated.h"
#include "common/error/result.h"

namespace dualtrace {

// Inflates all members of the gzip stream. kInvalid if it is not gzip, is cut short, has a wrong
// checksum, has trailing garbage or more than 16,384 members; kExhausted as soon as the output
// would exceed `bytes_max`.
Result<std::string> gunzip(std::string_view compressed, size_t bytes_max);
Result<std::string> gunzip(std::string_view compressed, size_t bytes_max,
                           const MayGrowTo& may_grow_to);

// Compresses to one gzip member, ISA-L level 1. DT_CHECKs that `plain` is below 4 GiB.
[[nodiscard]] std::string gzip(std::string_view plain);

}  // namespace dualtrace

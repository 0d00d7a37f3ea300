#pragma once
// gzip both ways, on ISA-L (docs/decisions: ten times cheaper than zlib at the same size). The intake
// inflates with it, the exporters deflate with it.
// Pure; one call uses about 200 kB of stack or heap while it runs. Thread-safe.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

// All members of the gzip stream. kInvalid when it is not gzip, is cut short, has a wrong checksum
// or carries trailing garbage; kExhausted as soon as the output would pass `bytes_max`.
Result<std::string> gunzip(std::string_view compressed, size_t bytes_max);

// One gzip member, ISA-L level 1.
[[nodiscard]] std::string gzip(std::string_view plain);

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
// For any bytes, unzstd requests the memory that it uses and terminates; it reads what zstd writes.

#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/compress/zstd.h"
#include "common/error/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kBytesMax = 1 << 20;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t asked = 0;
  const auto plain = dualtrace::unzstd(input, kBytesMax, [&asked](size_t bytes) {
    asked = bytes;
    return dualtrace::Status();
  });
  DT_CHECK(asked <= 2 * (kBytesMax + 1) + dualtrace::kZstdWindowBytesMax + 1024 * 1024);
  DT_CHECK(!plain || plain->size() <= kBytesMax);
  std::string compressed(ZSTD_compressBound(size), '\0');
  compressed.resize(ZSTD_compress(compressed.data(), compressed.size(), data, size, 1));
  DT_CHECK(dualtrace::unzstd(compressed, size).value() == input);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// If gunzip and zlib both accept the bytes, they agree (ISA-L overlooks reserved header flags, zlib
// does not), and gunzip reads what gzip writes.

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "common/compress/gzip.h"
#include "common/error/check.h"

namespace {

constexpr size_t kBytesMax = 1 << 20;

// All members, one after the other; nothing if zlib reports an error.
std::optional<std::string> inflated_by_zlib(const uint8_t* data, size_t size) {
  std::string output(kBytesMax, '\0');
  z_stream stream{};
  DT_CHECK(inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = const_cast<Bytef*>(data);
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  while (stream.avail_in > 0 && inflate(&stream, Z_FINISH) == Z_STREAM_END) {
    inflateReset(&stream);
  }
  output.resize(output.size() - stream.avail_out);
  const bool all_read = stream.avail_in == 0;
  inflateEnd(&stream);
  return all_read ? std::optional(output) : std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto plain = dualtrace::gunzip(input, kBytesMax)) {
    const auto expected = inflated_by_zlib(data, size);
    DT_CHECK(!expected || *plain == *expected);
  }
  DT_CHECK(dualtrace::gunzip(dualtrace::gzip(input), size).value() == input);
  return 0;
}

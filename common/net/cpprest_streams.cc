// SPDX-License-Identifier: Apache-2.0
#include "common/net/cpprest_streams.h"

#include <cstring>
#include <utility>

namespace dualtrace {

pplx::task<OneWayBuffer::int_type> OneWayBuffer::_putc(uint8_t byte) {
  return _putn(&byte, 1).then([byte](size_t) { return int_type{byte}; });
}

pplx::task<size_t> OneWayBuffer::_putn(const uint8_t*, size_t) {
  return pplx::task_from_result<size_t>(0);
}

pplx::task<size_t> OneWayBuffer::_getn(uint8_t*, size_t) {
  return pplx::task_from_result<size_t>(0);
}

pplx::task<size_t> RequestBody::_getn(uint8_t* into, size_t count) {
  const std::span<const SharedBytes> parts = body_.parts();
  size_t size = 0;
  while (size < count && part_ < parts.size()) {
    const std::string_view next = parts[part_].view().substr(given_, count - size);
    std::memcpy(into + size, next.data(), next.size());
    size += next.size();
    given_ += next.size();
    if (given_ == parts[part_].size()) {
      ++part_;
      given_ = 0;
    }
  }
  return pplx::task_from_result(size);
}

pplx::task<size_t> ResponseBody::_putn(const uint8_t* bytes, size_t count) {
  piece_(std::string_view(reinterpret_cast<const char*>(bytes), count));
  return pplx::task_from_result(count);
}

}  // namespace dualtrace

#include "common/net/cpprest_streams.h"

#include <algorithm>
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
  const size_t size = std::min(count, body_.size() - given_);
  std::memcpy(into, body_.data() + given_, size);
  given_ += size;
  return pplx::task_from_result(size);
}

pplx::task<size_t> ResponseBody::_putn(const uint8_t* bytes, size_t count) {
  const size_t kept = std::min(count, bytes_max_ - body_.size());
  body_.append(reinterpret_cast<const char*>(bytes), kept);
  if (kept < count && full_) std::exchange(full_, {})();
  return pplx::task_from_result(count);
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
// An accepted URL or address is unchanged after it is formatted and parsed again.

#include <cstddef>
#include <cstdint>

#include "common/error/check.h"
#include "common/net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = dualtrace::parse_url(text)) {
    DT_CHECK(url->authority.port != 0 && !url->authority.host.empty());
    const auto again = dualtrace::parse_url(url->origin() + url->path);
    DT_CHECK(again.has_value() && *again == *url);
  }
  if (const auto address = dualtrace::parse_host_port(text, 4317)) {
    const auto again = dualtrace::parse_host_port(address->to_string(), 0);
    DT_CHECK(again.has_value() && *again == *address);
  }
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/session.h"

namespace dualtrace::agent {

std::optional<WireProtocol> sniff(std::string_view first_bytes) {
  constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n";
  const size_t seen = std::min(first_bytes.size(), kPreface.size());
  if (first_bytes.substr(0, seen) != kPreface.substr(0, seen)) return WireProtocol::kHttp1;
  if (seen < kPreface.size()) return std::nullopt;
  return WireProtocol::kHttp2;
}

}  // namespace dualtrace::agent

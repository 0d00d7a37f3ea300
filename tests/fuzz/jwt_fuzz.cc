// SPDX-License-Identifier: Apache-2.0
// Whatever calls itself a JWT: it is read within bounds or refused. Input: the token; the same
// bytes are also tried as its claims.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/credential/jwt.h"
#include "common/bytes/base64.h"
#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

void read(std::string_view token) {
  const auto claims = read_jwt(token);
  if (!claims) return;
  DT_CHECK(claims->audiences.size() <= 8);
  if (claims->expires) {
    DT_CHECK(*claims->expires >= WallTime());
    DT_CHECK(*claims->expires <= WallTime(std::chrono::seconds(7'258'118'400)));
  }
}

}  // namespace
}  // namespace dualtrace::agent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  dualtrace::agent::read(text);
  dualtrace::agent::read("e30." + dualtrace::encode_base64(text) + ".c2ln");
  return 0;
}

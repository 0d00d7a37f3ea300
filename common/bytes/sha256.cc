// SPDX-License-Identifier: Apache-2.0
#include "common/bytes/sha256.h"

#include <openssl/evp.h>

#include <array>

namespace dualtrace {

std::string sha256_hex(std::string_view bytes, size_t digits) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  // Fails only if a policy forbids the algorithm. Then there is no fingerprint.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return {};
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += kHex[digest[i] >> 4];
    text += kHex[digest[i] & 0xf];
  }
  return text.substr(0, digits);
}

}  // namespace dualtrace

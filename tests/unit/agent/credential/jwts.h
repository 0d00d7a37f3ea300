// SPDX-License-Identifier: Apache-2.0
#pragma once
// Realistic JWTs, without a signature that anybody checks. Pure.

#include <algorithm>
#include <string>

#include "common/bytes/base64.h"

namespace dualtrace::agent {

inline std::string base64url(const std::string& text) {
  std::string encoded = encode_base64(text);
  std::replace(encoded.begin(), encoded.end(), '+', '-');
  std::replace(encoded.begin(), encoded.end(), '/', '_');
  while (encoded.ends_with('=')) encoded.pop_back();
  return encoded;
}

inline std::string jwt_of(const std::string& claims) {
  return base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(claims) + ".c2lnbmF0dXJl";
}

// A projected ServiceAccount token. `serial` differs for each token that the kubelet requests.
inline std::string projected_token(int64_t expires, int serial = 0,
                                   const std::string& subject = "system:serviceaccount:a:b") {
  return jwt_of(R"({"iss":"https://issuer","sub":")" + subject + R"(","aud":["account"],"exp":)" +
                std::to_string(expires) + R"(,"jti":)" + std::to_string(serial) + "}");
}

}  // namespace dualtrace::agent

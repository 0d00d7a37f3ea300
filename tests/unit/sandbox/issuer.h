// SPDX-License-Identifier: Apache-2.0
#pragma once
// Issuer: a cluster's service account issuer for tests: an RSA key, its JWKS, and tokens signed
// with it.
// Used from one thread.

#include <nlohmann/json.hpp>
#include <string>

#include "common/net/openssl_owned.h"

namespace dualtrace::sandbox {

class Issuer {
 public:
  explicit Issuer(std::string key_id = "key-1");

  [[nodiscard]] nlohmann::json jwks() const;
  [[nodiscard]] std::string sign(const nlohmann::json& claims,
                                 const std::string& algorithm = "RS256") const;

 private:
  const std::string key_id_;
  const Owned<EVP_PKEY> key_;
};

}  // namespace dualtrace::sandbox

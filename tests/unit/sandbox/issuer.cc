// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sandbox/issuer.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "common/bytes/base64.h"
#include "common/error/check.h"

namespace dualtrace::sandbox {
namespace {

std::string encode_url(std::string_view bytes) {
  std::string text = encode_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text)
    if (c == '+' || c == '/') c = c == '+' ? '-' : '_';
  return text;
}

std::string number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  DT_CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  const Owned<BIGNUM> owned(number);
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  return encode_url(bytes);
}

}  // namespace

Issuer::Issuer(std::string key_id) : key_id_(std::move(key_id)), key_(EVP_RSA_gen(2048)) {
  DT_CHECK(key_ != nullptr);
}

nlohmann::json Issuer::jwks() const {
  const nlohmann::json key{{"kty", "RSA"},
                           {"use", "sig"},
                           {"alg", "RS256"},
                           {"kid", key_id_},
                           {"n", number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N)},
                           {"e", number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E)}};
  return {{"keys", {key}}};
}

std::string Issuer::sign(const nlohmann::json& claims, const std::string& algorithm) const {
  const nlohmann::json header{{"alg", algorithm}, {"kid", key_id_}};
  const std::string text = encode_url(header.dump()) + "." + encode_url(claims.dump());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  DT_CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1);
  DT_CHECK(EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1);
  std::string signature(size, '\0');
  DT_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                          bytes, text.size()) == 1);
  signature.resize(size);
  return text + "." + encode_url(signature);
}

}  // namespace dualtrace::sandbox

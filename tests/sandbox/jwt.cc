// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/jwt.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/bytes/base64.h"
#include "common/net/openssl_owned.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

struct FreeParameters {
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <typename T>
using Freed = std::unique_ptr<T, FreeParameters>;

std::optional<std::string> decode_url(std::string_view text) {
  std::string standard(text);
  for (char& c : standard) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  return decode_base64(standard);
}

struct Parts {
  json header;
  json payload;
  std::string_view signed_text;
  std::string signature;
};

Result<Parts> split(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return fail(ErrorKind::kInvalid, "the subject token is no JWT of three parts");
  const auto header = decode_url(token.substr(0, first));
  const auto payload = decode_url(token.substr(first + 1, second - first - 1));
  const auto signature = decode_url(token.substr(second + 1));
  if (!header || !payload || !signature)
    return fail(ErrorKind::kInvalid, "a part of the subject token is not base64url");
  Parts parts{.header = json::parse(*header, nullptr, false),
              .payload = json::parse(*payload, nullptr, false),
              .signed_text = token.substr(0, second),
              .signature = *signature};
  if (!parts.header.is_object() || !parts.payload.is_object())
    return fail(ErrorKind::kInvalid, "a part of the subject token is not a JSON object");
  return parts;
}

WallTime time_of(const json& payload, const char* name) {
  const auto found = payload.find(name);
  if (found == payload.end() || !found->is_number()) return {};
  const double seconds = found->get<double>();
  if (!(std::abs(seconds) < 9e9)) return {};
  return WallTime(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Owned<EVP_PKEY> rsa_key(const json& key) {
  const auto modulus = decode_url(text_of(key, "n"));
  const auto exponent = decode_url(text_of(key, "e"));
  if (!modulus || !exponent || modulus->empty() || exponent->empty()) return nullptr;
  const auto number = [](const std::string& bytes) {
    return Owned<BIGNUM>(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()), nullptr));
  };
  const Owned<BIGNUM> n = number(*modulus);
  const Owned<BIGNUM> e = number(*exponent);
  const Freed<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return nullptr;
  const Freed<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Freed<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return Owned<EVP_PKEY>(made);
}

bool verifies(const Parts& parts, EVP_PKEY* key) {
  const Freed<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(),
                          reinterpret_cast<const unsigned char*>(parts.signature.data()),
                          parts.signature.size(),
                          reinterpret_cast<const unsigned char*>(parts.signed_text.data()),
                          parts.signed_text.size()) == 1;
}

}  // namespace

Result<Claims> read_claims(std::string_view token) {
  auto parts = split(token);
  if (!parts) return fail(parts.error());
  const json& payload = parts->payload;
  Claims claims{.issuer = text_of(payload, "iss"),
                .subject = text_of(payload, "sub"),
                .expires = time_of(payload, "exp"),
                .not_before = time_of(payload, "nbf")};
  if (claims.expires == WallTime())
    return fail(ErrorKind::kInvalid, "the subject token has no \"exp\"");
  const auto audience = payload.find("aud");
  if (audience != payload.end() && audience->is_string())
    claims.audiences.push_back(audience->get<std::string>());
  if (audience != payload.end() && audience->is_array())
    for (const json& one : *audience)
      if (one.is_string()) claims.audiences.push_back(one.get<std::string>());
  return claims;
}

Status check_signature(std::string_view token, const std::string& jwks) {
  const auto parts = split(token);
  if (!parts) return fail(parts.error());
  if (text_of(parts->header, "alg") != "RS256")
    return fail(ErrorKind::kInvalid, "the subject token is not signed with RS256");
  const json document = json::parse(jwks, nullptr, false);
  if (!document.is_object() || !document.contains("keys") || !document["keys"].is_array())
    return fail(ErrorKind::kInvalid, "the policy's JWKS is none");
  const std::string kid = text_of(parts->header, "kid");
  for (const json& key : document["keys"]) {
    if (text_of(key, "kty") != "RSA" || (!kid.empty() && text_of(key, "kid") != kid)) continue;
    const Owned<EVP_PKEY> usable = rsa_key(key);
    if (usable && verifies(*parts, usable.get())) return {};
  }
  return fail(ErrorKind::kInvalid, "no key of the issuer has signed the subject token");
}

}  // namespace dualtrace::sandbox

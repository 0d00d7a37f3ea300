// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/authority_secret.h"

#include <openssl/crypto.h>

#include <array>
#include <utility>

#include "common/bytes/base64.h"
#include "common/time/rfc3339.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kCurrent = "ca";
constexpr std::string_view kNext = "next";
constexpr const char* kPrevious = "previous.crt";
constexpr const char* kPreviousUntil = "previous.until";

std::string certificate_key(std::string_view which) { return std::string(which) + ".crt"; }
std::string key_key(std::string_view which) { return std::string(which) + ".key"; }

bool has(const Json& secret, const std::string& key) {
  return find(secret, {"data", key}) != nullptr;
}

std::string value_of(const Json& secret, const std::string& key) {
  return decode_base64(text_at(secret, {"data", key})).value_or("");
}

std::optional<Authority> read_one(const Json& secret, std::string_view which,
                                  std::vector<std::string>& faults) {
  if (!has(secret, certificate_key(which)) && !has(secret, key_key(which))) return std::nullopt;
  std::string key = value_of(secret, key_key(which));
  auto read = read_authority(value_of(secret, certificate_key(which)), key);
  OPENSSL_cleanse(key.data(), key.size());
  if (read) return *std::move(read);
  faults.push_back(certificate_key(which) + ", " + key_key(which) + ": " + read.error().message);
  return std::nullopt;
}

void put(Json& data, const std::string& key, const std::string& value) {
  if (value.empty()) {
    data.erase(key);
  } else {
    data[key] = encode_base64(value);
  }
}

void put(Json& data, std::string_view which, const std::optional<Authority>& authority) {
  put(data, certificate_key(which), authority ? authority->certificate.pem : "");
  put(data, key_key(which), authority ? authority->key : "");
}

}  // namespace

StoredAuthorities read_authorities(const Json& secret) {
  StoredAuthorities stored;
  Authorities& authorities = stored.authorities;
  authorities.current = read_one(secret, kCurrent, stored.faults);
  authorities.next = read_one(secret, kNext, stored.faults);
  if (!has(secret, kPrevious)) return stored;
  auto previous = read_certificates(value_of(secret, kPrevious));
  if (previous) {
    authorities.previous = *std::move(previous);
  } else {
    stored.faults.push_back(std::string(kPrevious) + ": " + previous.error().message);
  }
  // Without a valid date, they are dropped now.
  authorities.previous_until = parse_rfc3339(value_of(secret, kPreviousUntil)).value_or(WallTime());
  return stored;
}

Json authority_secret(const kube::ObjectKey& key, const Authorities& authorities) {
  return with_authorities({{"apiVersion", kube::kSecrets.api_version()},
                           {"kind", kube::kSecrets.kind},
                           {"metadata",
                            {{"name", key.name},
                             {"namespace", key.namespace_name},
                             {"labels", {{"app.kubernetes.io/name", "dualtrace-operator"}}}}},
                           {"type", "Opaque"}},
                          authorities);
}

Json with_authorities(Json secret, const Authorities& authorities) {
  Json& data = secret["data"];
  if (!data.is_object()) data = Json::object();
  put(data, kCurrent, authorities.current);
  put(data, kNext, authorities.next);
  std::string previous;
  for (const Certificate& one : authorities.previous) previous += one.pem;
  put(data, kPrevious, previous);
  put(data, kPreviousUntil, previous.empty() ? "" : rfc3339(authorities.previous_until));
  return secret;
}

void wipe_data(Json& secret) {
  const auto data = secret.find("data");
  if (data == secret.end() || !data->is_object()) return;
  for (auto& [key, value] : data->items()) {
    if (!value.is_string()) continue;
    auto& text = value.get_ref<std::string&>();
    OPENSSL_cleanse(text.data(), text.size());
  }
}

}  // namespace dualtrace::ctl

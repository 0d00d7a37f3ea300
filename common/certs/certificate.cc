// SPDX-License-Identifier: Apache-2.0
#include "common/certs/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "common/bytes/sha256.h"
#include "common/net/openssl_owned.h"
#include "common/time/years.h"

namespace dualtrace {
namespace {

constexpr size_t kCertificatesMax = 16;
constexpr size_t kPemBytesMax = 256 * 1024;
constexpr size_t kHexDigits = 64;
constexpr const char* kCurve = "P-256";

Failure failure(const std::string& what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string message = "certificates: " + what;
  if (reason != nullptr) message.append(": ").append(reason);
  ERR_clear_error();
  return fail(ErrorKind::kInternal, std::move(message));
}

Failure invalid(std::string what) {
  ERR_clear_error();
  return fail(ErrorKind::kInvalid, std::move(what));
}

std::time_t seconds_of(WallTime when) {
  return std::chrono::system_clock::to_time_t(
      std::chrono::floor<std::chrono::system_clock::duration>(when));
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] &= 0x7f;  // serials are positive
  const Owned<BIGNUM> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509* certificate, const std::string& name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                    0) == 1;
}

bool set_time(ASN1_TIME* time, WallTime when) {
  return ASN1_TIME_set(time, seconds_of(when)) != nullptr;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// "DNS:a.b.svc,IP:127.0.0.1"
std::string alternative_names(const std::vector<std::string>& hosts) {
  std::string text;
  for (const std::string& host : hosts) {
    in6_addr address{};
    const bool is_address = inet_pton(AF_INET, host.c_str(), &address) == 1 ||
                            inet_pton(AF_INET6, host.c_str(), &address) == 1;
    text.append(text.empty() ? "" : ",").append(is_address ? "IP:" : "DNS:").append(host);
  }
  return text;
}

struct Made {
  Owned<X509> certificate;
  Owned<EVP_PKEY> key;
};

// Everything except the issuer, the extensions and the signature.
std::optional<Made> make_certificate(const std::string& name, WallTime now, WallTime not_after) {
  Made made{Owned<X509>(X509_new()), Owned<EVP_PKEY>(EVP_EC_gen(kCurve))};
  X509* const x509 = made.certificate.get();
  const bool whole = x509 != nullptr && made.key && X509_set_version(x509, X509_VERSION_3) == 1 &&
                     set_serial(x509) && set_name(x509, name) &&
                     set_time(X509_getm_notBefore(x509), now - kBackdating) &&
                     set_time(X509_getm_notAfter(x509), not_after) &&
                     X509_set_pubkey(x509, made.key.get()) == 1;
  if (!whole) return std::nullopt;
  return made;
}

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<size_t>(length)};
}

Result<std::string> to_pem(EVP_PKEY* key) {
  const Owned<BIO> bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failure("write a key");
  return text_of(bio.get());
}

std::optional<WallTime> wall_time(const ASN1_TIME* time) {
  // 9999 means "does not expire" (RFC 5280, 4.1.2.5), and is more than a WallTime can hold.
  constexpr int kTmEpoch = 1900;
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  parts.tm_year = std::clamp(parts.tm_year, kFirstYear - kTmEpoch, kLastYear - kTmEpoch);
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

Result<Certificate> describe(X509* x509) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), x509) != 1) return failure("write");
  unsigned char* der = nullptr;
  const int length = i2d_X509(x509, &der);
  if (length <= 0) return failure("write");
  const std::string bytes(reinterpret_cast<char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  const auto not_before = wall_time(X509_get0_notBefore(x509));
  const auto not_after = wall_time(X509_get0_notAfter(x509));
  if (!not_before || !not_after) return invalid("a certificate without a validity period");
  return Certificate{.pem = text_of(bio.get()),
                     .fingerprint = sha256_hex(bytes, kHexDigits),
                     .not_before = *not_before,
                     .not_after = *not_after};
}

Result<Authority> in_pem(X509* x509, EVP_PKEY* key) {
  auto certificate = describe(x509);
  if (!certificate) return fail(certificate.error());
  auto pem = to_pem(key);
  if (!pem) return fail(pem.error());
  return Authority{*std::move(certificate), *std::move(pem)};
}

Owned<BIO> reading(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Owned<X509> parse_certificate(std::string_view pem) {
  const Owned<BIO> bio = reading(pem);
  return Owned<X509>(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

Owned<EVP_PKEY> parse_key(std::string_view pem) { return read_private_key(reading(pem).get()); }

}  // namespace

Result<Authority> make_authority(const std::string& name, WallTime now, Duration life) {
  const auto made = make_certificate(name, now, now + life);
  if (!made) return failure("make an authority");
  X509* const x509 = made->certificate.get();
  const bool whole =
      X509_set_issuer_name(x509, X509_get_subject_name(x509)) == 1 &&
      add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(x509, x509, NID_key_usage, "critical,keyCertSign") &&
      add_extension(x509, x509, NID_subject_key_identifier, "hash") &&
      X509_sign(x509, made->key.get(), EVP_sha256()) != 0;
  if (!whole) return failure("make an authority");
  return in_pem(x509, made->key.get());
}

Result<Leaf> issue(const Authority& authority, const Subject& subject, WallTime now,
                   Duration life) {
  const Owned<X509> issuer = parse_certificate(authority.certificate.pem);
  const Owned<EVP_PKEY> issuer_key = parse_key(authority.key);
  if (!issuer || !issuer_key) return failure("read the authority");
  const WallTime not_after = std::min<WallTime>(now + life, authority.certificate.not_after);
  const auto made = make_certificate(subject.name, now, not_after);
  if (!made) return failure("issue");
  X509* const x509 = made->certificate.get();
  const bool whole =
      X509_set_issuer_name(x509, X509_get_subject_name(issuer.get())) == 1 &&
      add_extension(x509, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(x509, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
      add_extension(x509, issuer.get(), NID_ext_key_usage, subject.usage) &&
      add_extension(x509, issuer.get(), NID_subject_key_identifier, "hash") &&
      add_extension(x509, issuer.get(), NID_authority_key_identifier, "keyid:always") &&
      add_extension(x509, issuer.get(), NID_subject_alt_name, alternative_names(subject.hosts)) &&
      X509_sign(x509, issuer_key.get(), EVP_sha256()) != 0;
  if (!whole) return failure("issue");
  auto pair = in_pem(x509, made->key.get());
  if (!pair) return fail(pair.error());
  return Leaf{std::move(pair->certificate), std::move(pair->key),
              authority.certificate.fingerprint};
}

Result<std::vector<Certificate>> read_certificates(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return invalid("more than 256 KiB of certificates");
  const Owned<BIO> bio = reading(pem);
  if (!bio) return failure("read");
  std::vector<Certificate> certificates;
  ERR_clear_error();
  while (BIO_pending(bio.get()) > 0) {
    const Owned<X509> next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    if (certificates.size() == kCertificatesMax) return invalid("more than 16 certificates");
    auto described = describe(next.get());
    if (!described) return fail(described.error());
    certificates.push_back(*std::move(described));
  }
  // At the end of the text, OpenSSL reports "no start line". Any other error is a fault of the
  // text.
  const auto last = ERR_peek_last_error();
  const bool ended = last == 0 || (ERR_GET_LIB(last) == ERR_LIB_PEM &&
                                   ERR_GET_REASON(last) == PEM_R_NO_START_LINE);
  if (!ended || certificates.empty()) return invalid("not certificates in PEM");
  ERR_clear_error();
  return certificates;
}

std::optional<CertificatesExpiry> expiry_of(std::string_view pem) {
  const auto certificates = read_certificates(pem);
  if (!certificates) return std::nullopt;
  const auto [first, last] = std::minmax_element(
      certificates->begin(), certificates->end(),
      [](const auto& one, const auto& other) { return one.not_after < other.not_after; });
  return CertificatesExpiry{.first = first->not_after, .last = last->not_after};
}

Result<Authority> read_authority(std::string_view certificate, std::string_view key) {
  if (certificate.size() > kPemBytesMax || key.size() > kPemBytesMax) {
    return invalid("more than 256 KiB");
  }
  const Owned<X509> x509 = parse_certificate(certificate);
  if (!x509) return invalid("not a certificate in PEM");
  if (X509_check_ca(x509.get()) != 1) return invalid("not a CA certificate");
  const Owned<EVP_PKEY> private_key = parse_key(key);
  if (!private_key) return invalid("not a key in PEM without a passphrase");
  if (X509_check_private_key(x509.get(), private_key.get()) != 1) {
    return invalid("the key does not match the certificate");
  }
  return in_pem(x509.get(), private_key.get());
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Our own certificates, on OpenSSL: an authority, the certificates that it issues to a server, and
// reading certificates from outside. ECDSA on P-256, X.509 v3, random serials of 127 bits. Validity
// starts five minutes ago, for clocks that are behind ours. Pure, except for the randomness. Errors
// never contain keys.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/net/tls.h"
#include "common/time/clock.h"

namespace dualtrace {

struct Certificate {
  std::string pem;          // only this one
  std::string fingerprint;  // SHA-256 of its DER, which identifies it
  WallTime not_before{};
  WallTime not_after{};

  [[nodiscard]] bool valid_at(WallTime when) const {
    return not_before <= when && when < not_after;
  }
  bool operator==(const Certificate& other) const { return fingerprint == other.fingerprint; }
};

// A certificate that may sign others, and its key in PEM.
struct Authority {
  Certificate certificate;
  std::string key;
};

// The identity that a server presents, and the fingerprint of the authority that signed it.
struct Leaf {
  Certificate certificate;
  std::string key;
  std::string issuer;

  [[nodiscard]] TlsIdentity identity() const { return {certificate.pem, key}; }
};

// Validity starts this long before a certificate is issued.
inline constexpr Duration kBackdating = std::chrono::minutes(5);

struct Subject {
  std::string name;                // shown to people
  std::vector<std::string> hosts;  // DNS names, or IPv4 and IPv6 addresses
  std::string usage;               // "serverAuth", "serverAuth,clientAuth"
};

[[nodiscard]] Result<Authority> make_authority(const std::string& name, WallTime now,
                                               Duration life);
// Valid no longer than the authority itself.
[[nodiscard]] Result<Leaf> issue(const Authority& authority, const Subject& subject, WallTime now,
                                 Duration life);

// All certificates in a PEM text, at most 16; kInvalid if it contains anything else.
[[nodiscard]] Result<std::vector<Certificate>> read_certificates(std::string_view pem);
// When the certificates of a PEM text expire.
struct CertificatesExpiry {
  WallTime first{};
  WallTime last{};
  bool operator==(const CertificatesExpiry&) const = default;
};
// nullopt for a text that read_certificates() rejects, such as one with too many certificates:
// whoever trusts them may be able to use it nevertheless.
[[nodiscard]] std::optional<CertificatesExpiry> expiry_of(std::string_view pem);
// kInvalid unless the first text is a CA certificate and the second its key.
[[nodiscard]] Result<Authority> read_authority(std::string_view certificate, std::string_view key);

}  // namespace dualtrace

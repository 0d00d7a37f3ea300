// SPDX-License-Identifier: Apache-2.0
#pragma once
// Certificates of our own, on OpenSSL: an authority, what it signs for a server, and what can be
// told of one that comes from outside. ECDSA on P-256, X.509 v3, random serials of 127 bits; valid
// from five minutes ago, for clocks that are behind ours. Pure, but for the randomness. Keys are in
// no error.

#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/net/tls.h"
#include "common/time/clock.h"

namespace dualtrace {

struct Certificate {
  std::string pem;          // this one alone
  std::string fingerprint;  // SHA-256 of its DER: what it is told from others by
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

// What a server shows, and the fingerprint of the authority that signed it.
struct Leaf {
  Certificate certificate;
  std::string key;
  std::string issuer;

  [[nodiscard]] TlsIdentity identity() const { return {certificate.pem, key}; }
};

// How long a certificate has been in use: validity begins this much before it is made.
inline constexpr Duration kBackdating = std::chrono::minutes(5);

struct Subject {
  std::string name;                // what people read
  std::vector<std::string> hosts;  // DNS names, or addresses of IPv4 and IPv6
  std::string usage;               // "serverAuth", "serverAuth,clientAuth"
};

[[nodiscard]] Result<Authority> make_authority(const std::string& name, WallTime now,
                                               Duration life);
// At most as long as the authority itself.
[[nodiscard]] Result<Leaf> issue(const Authority& authority, const Subject& subject, WallTime now,
                                 Duration life);

// All of a PEM text, at most 16 of them; kInvalid when there is anything else than certificates.
[[nodiscard]] Result<std::vector<Certificate>> read_certificates(std::string_view pem);
// kInvalid unless the first is one certificate that may sign others and the second its key.
[[nodiscard]] Result<Authority> read_authority(std::string_view certificate, std::string_view key);

}  // namespace dualtrace

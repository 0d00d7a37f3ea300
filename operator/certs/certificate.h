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

namespace dualtrace::ctl {

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

[[nodiscard]] Result<Authority> make_authority(WallTime now, Duration life);
// At most as long as the authority itself. `names` are DNS names, or addresses of IPv4 and IPv6.
[[nodiscard]] Result<Leaf> issue_leaf(const Authority& authority,
                                      const std::vector<std::string>& names, WallTime now,
                                      Duration life);

// All of a PEM text, at most 16 of them; kInvalid when there is anything else than certificates.
[[nodiscard]] Result<std::vector<Certificate>> read_certificates(std::string_view pem);
// kInvalid unless the first is one certificate that may sign others and the second its key.
[[nodiscard]] Result<Authority> read_authority(std::string_view certificate, std::string_view key);

}  // namespace dualtrace::ctl

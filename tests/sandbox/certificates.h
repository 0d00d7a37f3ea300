#pragma once
// Certificates for tests: a CA of one's own and server certificates under it, EC P-256.
// Pure, but for prepare_certificates().

#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace::sandbox {

struct CertifiedKey {
  std::string certificate;  // PEM
  std::string key;          // PEM, not encrypted
};

Result<CertifiedKey> make_authority(const std::string& name);

// For a server that is called by any of the names, DNS names or IP addresses.
Result<CertifiedKey> issue_server_certificate(const CertifiedKey& authority,
                                              const std::vector<std::string>& names);

// Writes server.pem and server-key.pem to the folder, and before the first time ca.pem and
// ca-key.pem: a client that trusts the folder's CA goes on trusting it.
Result<TlsServerOptions> prepare_certificates(const std::string& folder,
                                              const std::vector<std::string>& names);

}  // namespace dualtrace::sandbox

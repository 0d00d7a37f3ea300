// SPDX-License-Identifier: Apache-2.0
#pragma once
// Certificates for tests: a separate CA and server certificates from it, valid for ten years.
// Pure, but for prepare_certificates() and the randomness.

#include <string>
#include <vector>

#include "common/certs/certificate.h"
#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace::sandbox {

Result<Authority> make_authority(const std::string& name);

// For a server that is called by any of the hosts, DNS names or IP addresses; clients may show it
// as well.
Result<Leaf> issue_server_certificate(const Authority& authority,
                                      const std::vector<std::string>& hosts);

// Writes server.pem and server-key.pem to the folder, and before the first time ca.pem and
// ca-key.pem: a client that trusts the folder's CA keeps trusting it.
Result<TlsServerOptions> prepare_certificates(const std::string& folder,
                                              const std::vector<std::string>& hosts);

}  // namespace dualtrace::sandbox

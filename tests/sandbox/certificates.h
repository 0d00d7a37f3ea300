// SPDX-License-Identifier: Apache-2.0
#pragma once
// Certificates for tests: a separate CA and server certificates from it, valid for ten years.
// Pure, except for prepare_certificates() and the randomness.

#include <string>
#include <vector>

#include "common/certs/certificate.h"
#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace::sandbox {

Result<Authority> make_authority(const std::string& name);

// For a server under any of the hosts, which are DNS names or IP addresses. Clients may present it,
// too.
Result<Leaf> issue_server_certificate(const Authority& authority,
                                      const std::vector<std::string>& hosts);

// Writes server.pem and server-key.pem to the folder. ca.pem and ca-key.pem are written only the
// first time, so that a client that trusts the folder's CA keeps trusting it.
Result<TlsServerOptions> prepare_certificates(const std::string& folder,
                                              const std::vector<std::string>& hosts);

}  // namespace dualtrace::sandbox

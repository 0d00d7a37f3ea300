// SPDX-License-Identifier: Apache-2.0
#pragma once
// The certificate authorities of a TlsClientOptions as PEM text, for a client that takes them so:
// gRPC, which takes an empty text for "trust the system's". The file is read now.
// Pure but for that. Thread-safe.

#include <string>

#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace {

// "" when none is configured. kInvalid, naming the file, when it cannot be read or there is no
// certificate in it: then nobody may be trusted, and nothing sent.
[[nodiscard]] Result<std::string> read_authorities(const TlsClientOptions& options);

}  // namespace dualtrace

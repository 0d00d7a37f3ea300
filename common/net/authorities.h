// SPDX-License-Identifier: Apache-2.0
#pragma once
// The certificate authorities of a TlsClientOptions as PEM text, for a client that takes text:
// gRPC, for which an empty text means "trust the system's". The file is read on each call.
// Pure, except for that. Thread-safe.

#include <string>

#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace {

// "" if none is configured. kInvalid, naming the file, if it cannot be read or contains no
// certificate: then trust nobody and send nothing.
[[nodiscard]] Result<std::string> read_authorities(const TlsClientOptions& options);

}  // namespace dualtrace

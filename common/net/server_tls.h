// SPDX-License-Identifier: Apache-2.0
#pragma once
// The TLS context of HttpServer for a new connection. Private to common_http_server.
// Thread-safe.

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace {

using ServerTls = std::shared_ptr<boost::asio::ssl::context>;

// kInvalid if the files cannot be read, or the key does not match the certificate.
[[nodiscard]] Result<ServerTls> load_tls(const TlsServerOptions& files);
[[nodiscard]] Result<ServerTls> make_tls(const TlsIdentity& identity);

}  // namespace dualtrace

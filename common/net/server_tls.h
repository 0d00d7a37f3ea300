// SPDX-License-Identifier: Apache-2.0
#pragma once
// What HttpServer needs to speak TLS with a new connection. Private to common_http_server.
// Thread-safe.

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace {

using ServerTls = std::shared_ptr<boost::asio::ssl::context>;

// kInvalid when what is there cannot be read, or is not of one pair.
[[nodiscard]] Result<ServerTls> load_tls(const TlsServerOptions& files);
[[nodiscard]] Result<ServerTls> make_tls(const TlsIdentity& identity);

}  // namespace dualtrace

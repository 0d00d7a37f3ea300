// SPDX-License-Identifier: Apache-2.0
#include "common/net/server_tls.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/system/system_error.hpp>
#include <string>

namespace dualtrace {
namespace {

namespace ssl = boost::asio::ssl;

// `fill` loads the certificate and key into the context; its exceptions become an error here.
template <typename Fill>
Result<ServerTls> context_with(const Fill& fill) {
  try {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    fill(*context);
    if (SSL_CTX_check_private_key(context->native_handle()) != 1)
      return fail(ErrorKind::kInvalid, "the key does not match the certificate");
    return context;
  } catch (const boost::system::system_error& error) {
    return fail(ErrorKind::kInvalid, std::string("TLS: ") + error.what());
  }
}

}  // namespace

Result<ServerTls> load_tls(const TlsServerOptions& files) {
  return context_with([&](ssl::context& context) {
    context.use_certificate_chain_file(files.certificate_file);
    context.use_private_key_file(files.key_file, ssl::context::pem);
    if (files.client_ca_file.empty()) return;
    context.load_verify_file(files.client_ca_file);
    context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  });
}

Result<ServerTls> make_tls(const TlsIdentity& identity) {
  return context_with([&](ssl::context& context) {
    context.use_certificate_chain(boost::asio::buffer(identity.certificate));
    context.use_private_key(boost::asio::buffer(identity.key), ssl::context::pem);
  });
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/net/cpprest_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <stdexcept>
#include <utility>

#include "common/net/pem.h"

namespace dualtrace {
namespace {

using Owner = std::shared_ptr<ClientTls>;

// Connections in cpprestsdk's pool may outlive the client, so each SSL_CTX keeps its ClientTls
// alive.
int owner_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* owner, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<Owner*>(owner);
      });
  return index;
}

bool is_address(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

void succeed(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}

}  // namespace

ClientTls::ClientTls(TlsClientOptions options, std::string host)
    : options_(std::move(options)), host_(std::move(host)) {}

bool ClientTls::sends_host_name() const {
  return options_.server_name.empty() && !is_address(host_);
}

const std::string& ClientTls::verified_name() const {
  return options_.server_name.empty() ? host_ : options_.server_name;
}

void ClientTls::prepare(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  const PemSource authorities{options_.ca_text, options_.ca_file};
  if (!authorities.empty()) succeed(trust_only(context, authorities));
  const PemSource certificate{options_.certificate_text, options_.certificate_file};
  const PemSource key{options_.key_text, options_.key_file};
  if (!certificate.empty()) succeed(show_certificate(context, certificate, key));
  SSL_CTX_set_ex_data(context, owner_index(), new Owner(shared_from_this()));
  // cpprestsdk cannot send any name other than the host's.
  if (!options_.server_name.empty() && !is_address(options_.server_name)) {
    SSL_CTX_set_info_callback(context, &ClientTls::ask_for_server_name);
  }
  if (verifies()) verify_with(context);
}

void ClientTls::verify_with(SSL_CTX* context) {
  const std::string& name = verified_name();
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // An address must match one of the certificate's addresses, anything else one of its names.
  if (X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) != 1 &&
      X509_VERIFY_PARAM_set1_host(param, name.c_str(), name.size()) != 1) {
    throw std::runtime_error("the host name cannot be verified");
  }
  ERR_clear_error();
  SSL_CTX_set_cert_verify_callback(context, &ClientTls::verify, this);
}

int ClientTls::verify(X509_STORE_CTX* store, void* self) {
  // cpprestsdk's own callback compares names by outdated rules, and does not compare IPv6
  // addresses. OpenSSL has the host in its parameters and does it correctly.
  X509_STORE_CTX_set_verify_cb(store, [](int preverified, X509_STORE_CTX*) { return preverified; });
  const int verified = X509_verify_cert(store);
  if (verified != 1) {
    static_cast<ClientTls*>(self)->failure_ =
        X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
  }
  return verified;
}

void ClientTls::ask_for_server_name(const SSL* connection, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
  const void* owner = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), owner_index());
  std::string name = (*static_cast<const Owner*>(owner))->options_.server_name;
  SSL_ctrl(const_cast<SSL*>(connection), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           name.data());  // as SSL_set_tlsext_host_name(), a macro with C casts
}

std::string ClientTls::take_failure() { return std::exchange(failure_, {}); }

}  // namespace dualtrace

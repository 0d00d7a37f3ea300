#include "common/net/cpprest_tls.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <stdexcept>
#include <utility>

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

void trust_only(SSL_CTX* context, const std::string& ca_file) {
  X509_STORE* store = X509_STORE_new();
  if (store == nullptr || X509_STORE_load_file(store, ca_file.c_str()) != 1) {
    X509_STORE_free(store);
    ERR_clear_error();
    throw std::runtime_error("the CA file " + ca_file + " cannot be read as PEM certificates");
  }
  SSL_CTX_set_cert_store(context, store);
}

}  // namespace

ClientTls::ClientTls(TlsClientOptions options, std::string host)
    : options_(std::move(options)), host_(std::move(host)) {}

void ClientTls::prepare(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (!options_.ca_file.empty()) trust_only(context, options_.ca_file);

  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // An address must be looked for among the certificate's addresses, anything else among its names.
  if (X509_VERIFY_PARAM_set1_ip_asc(param, host_.c_str()) != 1 &&
      X509_VERIFY_PARAM_set1_host(param, host_.c_str(), host_.size()) != 1) {
    throw std::runtime_error("the host name cannot be verified");
  }
  ERR_clear_error();

  SSL_CTX_set_ex_data(context, owner_index(), new Owner(shared_from_this()));
  SSL_CTX_set_cert_verify_callback(context, &ClientTls::verify, this);
}

int ClientTls::verify(X509_STORE_CTX* store, void* self) {
  // cpprestsdk's own callback compares names by outdated rules, and none with an IPv6 address;
  // OpenSSL has the host in its parameters.
  X509_STORE_CTX_set_verify_cb(store, [](int preverified, X509_STORE_CTX*) { return preverified; });
  const int verified = X509_verify_cert(store);
  if (verified != 1) {
    static_cast<ClientTls*>(self)->failure_ =
        X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
  }
  return verified;
}

std::string ClientTls::take_failure() { return std::exchange(failure_, {}); }

}  // namespace dualtrace

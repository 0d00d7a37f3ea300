// SPDX-License-Identifier: Apache-2.0
#include "common/net/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "common/net/authorities.h"
#include "common/net/openssl_owned.h"

namespace dualtrace {
namespace {

Owned<BIO> open(const PemSource& source) {
  if (source.text.empty()) return Owned<BIO>(BIO_new_file(source.file.c_str(), "r"));
  return Owned<BIO>(BIO_new_mem_buf(source.text.data(), static_cast<int>(source.text.size())));
}

Failure unreadable(const char* what, const PemSource& source, const char* as) {
  ERR_clear_error();
  std::string message = std::string("the ") + what;
  if (source.text.empty()) message.append(" file ").append(source.file);
  return fail(ErrorKind::kUnavailable, message.append(" cannot be read as ").append(as));
}

std::vector<Owned<X509>> read_certificates(const PemSource& source) {
  std::vector<Owned<X509>> certificates;
  const Owned<BIO> bio = open(source);
  while (bio != nullptr) {
    Owned<X509> next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  ERR_clear_error();
  return certificates;
}

}  // namespace

Result<std::string> read_authorities(const PemSource& authorities) {
  std::ostringstream text;
  if (authorities.text.empty()) {
    text << std::ifstream(authorities.file).rdbuf();
  } else {
    text << authorities.text;
  }
  // Read once, so that the text that is checked is the one returned.
  const std::string read = text.str();
  if (read.empty() || read_certificates({read, authorities.file}).empty()) {
    return unreadable("CA", authorities, "PEM certificates");
  }
  return read;
}

Result<std::string> read_authorities(const TlsClientOptions& options) {
  const PemSource source{options.ca_text, options.ca_file};
  if (source.empty()) return std::string();
  auto text = read_authorities(source);
  if (!text) return fail(ErrorKind::kInvalid, text.error().message);
  return text;
}

Status trust_only(SSL_CTX* context, const PemSource& authorities) {
  Owned<X509_STORE> store(X509_STORE_new());
  const auto certificates = read_certificates(authorities);
  bool added = store != nullptr && !certificates.empty();
  for (const auto& certificate : certificates) {
    added = added && X509_STORE_add_cert(store.get(), certificate.get()) == 1;
  }
  if (!added) return unreadable("CA", authorities, "PEM certificates");
  SSL_CTX_set_cert_store(context, store.release());
  return {};
}

Status show_certificate(SSL_CTX* context, const PemSource& certificate, const PemSource& key) {
  const auto chain = read_certificates(certificate);
  bool added = !chain.empty() && SSL_CTX_use_certificate(context, chain[0].get()) == 1;
  for (size_t i = 1; i < chain.size(); ++i) {
    added = added && SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
  }
  if (!added) return unreadable("client certificate", certificate, "PEM certificates");
  const Owned<BIO> bio = open(key);
  const Owned<EVP_PKEY> private_key = read_private_key(bio.get());
  if (private_key == nullptr) return unreadable("client key", key, "a PEM key");
  if (SSL_CTX_use_PrivateKey(context, private_key.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::kUnavailable, "the client certificate and the key do not match");
  }
  return {};
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Owned: an OpenSSL object that is freed at the end of its scope. Used where certificates and keys
// are read and made (common/net, common/certs).
// Used from one thread per object.

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace dualtrace {

struct OpensslFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
template <typename T>
using Owned = std::unique_ptr<T, OpensslFree>;

// nullptr if the text has no key, or one with a passphrase, since nobody can enter it.
inline Owned<EVP_PKEY> read_private_key(BIO* bio) {
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  return Owned<EVP_PKEY>(
      bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio, nullptr, no_passphrase, nullptr));
}

}  // namespace dualtrace

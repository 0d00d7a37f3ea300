#pragma once
// Certificates made on the spot, for tests of TLS. Used from one thread.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace dualtrace::agent {

// A key with a certificate of its own name, signed by `issuer` or by itself.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& name, const TestCertificate* issuer = nullptr);

  void write_certificate(const std::string& path) const;
  void write_key(const std::string& path) const;
  // Certificate, then key.
  void write_both(const std::string& path) const;

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace dualtrace::agent

#include "tests/unit/agent/receive/test_certificates.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace dualtrace::agent {
namespace {

using File = std::unique_ptr<FILE, decltype(&fclose)>;

File open(const std::string& path, const char* mode) {
  File file(fopen(path.c_str(), mode), fclose);
  EXPECT_NE(file, nullptr) << path;
  return file;
}

}  // namespace

TestCertificate::TestCertificate(const std::string& name, const TestCertificate* issuer)
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
  X509* const raw = certificate_.get();
  static long serial = 0;
  X509_set_version(raw, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(raw), -3600);
  X509_gmtime_adj(X509_getm_notAfter(raw), 3600);
  X509_set_pubkey(raw, key_.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  const TestCertificate& signer = issuer != nullptr ? *issuer : *this;
  X509_set_issuer_name(raw, X509_get_subject_name(signer.certificate_.get()));
  X509_EXTENSION* const authority = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints,
                                                        issuer != nullptr ? "CA:FALSE" : "CA:TRUE");
  X509_add_ext(raw, authority, -1);
  X509_EXTENSION_free(authority);
  EXPECT_GT(X509_sign(raw, signer.key_.get(), EVP_sha256()), 0);
}

void TestCertificate::write_certificate(const std::string& path) const {
  PEM_write_X509(open(path, "w").get(), certificate_.get());
}

void TestCertificate::write_key(const std::string& path) const {
  PEM_write_PrivateKey(open(path, "w").get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

void TestCertificate::write_both(const std::string& path) const {
  write_certificate(path);
  PEM_write_PrivateKey(open(path, "a").get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

}  // namespace dualtrace::agent

#include "tests/fakes/test_certificates.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <memory>
#include <sstream>

namespace dualtrace {
namespace {

template <auto kFree>
struct Freeing {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freeing<X509_free>>;

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "dualtrace-test-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

KeyPtr make_key() { return KeyPtr(EVP_EC_gen("P-256")); }

void extend(X509* certificate, X509* issuer, int extension, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, extension, value.c_str());
  EXPECT_NE(made, nullptr) << value;
  X509_add_ext(certificate, made, -1);
  X509_EXTENSION_free(made);
}

CertificatePtr make_certificate(EVP_PKEY* key, const std::string& common_name, int serial) {
  CertificatePtr certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  return certificate;
}

template <typename Write>
void write_pem(const std::filesystem::path& path, Write write) {
  FILE* file = fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(write(file), 1);
  fclose(file);
}

void write_certificate(const std::filesystem::path& path, X509* certificate) {
  write_pem(path, [&](FILE* file) { return PEM_write_X509(file, certificate); });
}

}  // namespace

struct TestAuthority::Identity {
  explicit Identity(const std::string& common_name) : name(common_name) {}
  const std::string name;
  KeyPtr key = make_key();
  CertificatePtr certificate = make_certificate(key.get(), name, 1);
};

TestAuthority::TestAuthority()
    : folder_(make_folder()), identity_(std::make_unique<Identity>(folder_.filename().string())) {
  X509* own = identity_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign");
  EXPECT_GT(X509_sign(own, identity_->key.get(), EVP_sha256()), 0);
  write_certificate(ca_file(), own);
}

TestAuthority::~TestAuthority() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TestAuthority::ca_pem() const {
  std::stringstream pem;
  pem << std::ifstream(ca_file()).rdbuf();
  return pem.str();
}

TlsServerOptions TestAuthority::issue(const std::string& names) {
  const KeyPtr key = make_key();
  const CertificatePtr certificate = make_certificate(key.get(), "test server", 2 + issued_);
  X509* authority = identity_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority));
  extend(certificate.get(), authority, NID_subject_alt_name, names);
  EXPECT_GT(X509_sign(certificate.get(), identity_->key.get(), EVP_sha256()), 0);

  const std::string stem = (folder_ / ("server" + std::to_string(issued_++))).string();
  const TlsServerOptions files{
      .certificate_file = stem + ".pem", .key_file = stem + ".key", .client_ca_file = {}};
  write_certificate(files.certificate_file, certificate.get());
  write_pem(files.key_file, [&](FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return files;
}

}  // namespace dualtrace

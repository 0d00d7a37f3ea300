#include "tests/sandbox/certificates.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>

#include "tests/sandbox/files.h"

namespace dualtrace::sandbox {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

constexpr long kBackdateSeconds = 3600;  // for clocks that are behind ours
constexpr long kLifeSeconds = 10L * 365 * 24 * 3600;

Failure failure(const std::string& what) {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  return fail(ErrorKind::kInternal, "certificates: " + what + ": " + text);
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] &= 0x7f;
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// Everything but the issuer, the extensions and the signature.
Certificate make_certificate(EVP_PKEY* key, const std::string& name) {
  Certificate certificate(X509_new());
  if (!certificate) return nullptr;
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const bool made =
      X509_set_version(certificate.get(), X509_VERSION_3) == 1 && set_serial(certificate.get()) &&
      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kBackdateSeconds) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kLifeSeconds) != nullptr &&
      X509_set_pubkey(certificate.get(), key) == 1 &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                 0) == 1;
  return made ? std::move(certificate) : nullptr;
}

std::string text_of(const Bio& bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(length)};
}

Result<CertifiedKey> to_pem(X509* certificate, EVP_PKEY* key) {
  const Bio certificate_bio(BIO_new(BIO_s_mem()));
  const Bio key_bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return failure("write");
  return CertifiedKey{.certificate = text_of(certificate_bio), .key = text_of(key_bio)};
}

// "DNS:localhost,IP:127.0.0.1"
std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    in6_addr address{};
    const bool is_address = inet_pton(AF_INET, name.c_str(), &address) == 1 ||
                            inet_pton(AF_INET6, name.c_str(), &address) == 1;
    text += (text.empty() ? "" : ",") + std::string(is_address ? "IP:" : "DNS:") + name;
  }
  return text;
}

}  // namespace

Result<CertifiedKey> make_authority(const std::string& name) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = key ? make_certificate(key.get(), name) : nullptr;
  if (!certificate) return failure("make an authority");
  X509* x509 = certificate.get();
  const bool made = X509_set_issuer_name(x509, X509_get_subject_name(x509)) == 1 &&
                    add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE") &&
                    add_extension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(x509, x509, NID_subject_key_identifier, "hash") &&
                    X509_sign(x509, key.get(), EVP_sha256()) != 0;
  if (!made) return failure("make an authority");
  return to_pem(x509, key.get());
}

Result<CertifiedKey> issue_server_certificate(const CertifiedKey& authority,
                                              const std::vector<std::string>& names) {
  const Bio certificate_bio(BIO_new_mem_buf(authority.certificate.data(),
                                            static_cast<int>(authority.certificate.size())));
  const Bio key_bio(BIO_new_mem_buf(authority.key.data(), static_cast<int>(authority.key.size())));
  const Certificate issuer(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  const Key issuer_key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  if (!issuer || !issuer_key) return failure("read the authority");

  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate =
      key ? make_certificate(key.get(), "dualtrace test server") : nullptr;
  if (!certificate) return failure("issue");
  X509* x509 = certificate.get();
  const bool made =
      X509_set_issuer_name(x509, X509_get_subject_name(issuer.get())) == 1 &&
      add_extension(x509, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(x509, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
      add_extension(x509, issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth") &&
      add_extension(x509, issuer.get(), NID_subject_key_identifier, "hash") &&
      add_extension(x509, issuer.get(), NID_authority_key_identifier, "keyid") &&
      add_extension(x509, issuer.get(), NID_subject_alt_name, alternative_names(names)) &&
      X509_sign(x509, issuer_key.get(), EVP_sha256()) != 0;
  if (!made) return failure("issue");
  return to_pem(x509, key.get());
}

Result<TlsServerOptions> prepare_certificates(const std::string& folder,
                                              const std::vector<std::string>& names) {
  const std::string ca_file = folder + "/ca.pem";
  const std::string ca_key_file = folder + "/ca-key.pem";
  const TlsServerOptions server{.certificate_file = folder + "/server.pem",
                                .key_file = folder + "/server-key.pem",
                                .client_ca_file = ""};
  if (!std::filesystem::exists(ca_file) || !std::filesystem::exists(ca_key_file)) {
    auto made = make_authority("dualtrace sandbox CA");
    if (!made) return fail(made.error());
    if (auto written = write_text(ca_key_file, made->key); !written) return fail(written.error());
    if (auto written = write_text(ca_file, made->certificate); !written)
      return fail(written.error());
  }
  auto certificate = read_text(ca_file);
  if (!certificate) return fail(certificate.error());
  auto key = read_text(ca_key_file);
  if (!key) return fail(key.error());
  auto issued = issue_server_certificate({*certificate, *key}, names);
  if (!issued) return fail(issued.error());
  if (auto written = write_text(server.key_file, issued->key); !written)
    return fail(written.error());
  if (auto written = write_text(server.certificate_file, issued->certificate); !written)
    return fail(written.error());
  return server;
}

}  // namespace dualtrace::sandbox

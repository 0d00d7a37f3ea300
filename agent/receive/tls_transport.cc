// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/tls_transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

using Context = std::shared_ptr<SSL_CTX>;

// With TLS 1.2, HTTP/2 requires an ephemeral key exchange and an AEAD (RFC 9113, 9.2.2): the
// ciphers that its appendix A forbids lack one or both. TLS 1.3 has only such ciphers.
bool is_good_for_http2(const SSL_CIPHER* cipher) {
  if (cipher == nullptr) return false;
  const int exchange = SSL_CIPHER_get_kx_nid(cipher);
  const bool ephemeral =
      exchange == NID_kx_any || exchange == NID_kx_ecdhe || exchange == NID_kx_dhe;
  return ephemeral && SSL_CIPHER_is_aead(cipher) == 1;
}

class TlsTransport final : public Transport {
 public:
  TlsTransport(SSL_CTX* context, int descriptor) : descriptor_(descriptor), ssl_(SSL_new(context)) {
    DT_CHECK(ssl_ != nullptr && SSL_set_fd(ssl_, descriptor) == 1);
    SSL_set_accept_state(ssl_);
  }
  ~TlsTransport() override { SSL_free(ssl_); }
  TlsTransport(const TlsTransport&) = delete;
  TlsTransport& operator=(const TlsTransport&) = delete;

  Progress read(std::span<char> buffer) override {
    size_t size = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_, buffer.data(), buffer.size(), &size);
    return progress(result, size);
  }
  Progress write(std::string_view bytes) override {
    size_t size = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &size);
    return progress(result, size);
  }
  [[nodiscard]] bool agreed_on_http2() const override {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return std::string_view(reinterpret_cast<const char*>(name), size) == "h2";
  }
  [[nodiscard]] bool may_speak_http2() const override {
    return is_good_for_http2(SSL_get_current_cipher(ssl_));
  }
  void end_output() override {
    ERR_clear_error();
    if (!broken_) SSL_shutdown(ssl_);
    ::shutdown(descriptor_, SHUT_WR);
  }

 private:
  Progress progress(int result, size_t size) {
    if (result == 1) return {Progress::Kind::kBytes, size};
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
        return {Progress::Kind::kWantRead};
      case SSL_ERROR_WANT_WRITE:
        return {Progress::Kind::kWantWrite};
      case SSL_ERROR_ZERO_RETURN:
        return {Progress::Kind::kEnd};
      default:
        broken_ = true;  // OpenSSL forbids SSL_shutdown after this
        return {Progress::Kind::kBroken};
    }
  }

  const int descriptor_;
  SSL* const ssl_;
  bool broken_ = false;
};

// Our first choice among what the client offers. A client that offers only protocols that we do not
// speak, or HTTP/2 alone over a cipher that it forbids, is refused with no_application_protocol
// (RFC 7301, 3.2), because we would misinterpret whatever it sent next. OpenSSL has chosen the
// cipher before it calls this.
int select_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr std::string_view kSpoken = "\x02h2\x08http/1.1";
  static constexpr std::string_view kHttp11 = "\x08http/1.1";
  const std::string_view spoken =
      is_good_for_http2(SSL_get_pending_cipher(ssl)) ? kSpoken : kHttp11;
  unsigned char* selected = nullptr;
  const int result = SSL_select_next_proto(
      &selected, chosen_size, reinterpret_cast<const unsigned char*>(spoken.data()),
      static_cast<unsigned int>(spoken.size()), offered, offered_size);
  *chosen = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Failure load_failure(const std::string& what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return fail(ErrorKind::kInvalid,
              "receiver TLS: " + what + ": " + (reason != nullptr ? reason : "cannot be read"));
}

Result<Context> load(const TlsServerOptions& options) {
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  DT_CHECK(context != nullptr);
  SSL_CTX* const raw = context.get();
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(raw, select_protocol, nullptr);
  static constexpr unsigned char kSessionContext[] = "dualtrace";
  SSL_CTX_set_session_id_context(raw, kSessionContext, sizeof(kSessionContext) - 1);

  if (SSL_CTX_use_certificate_chain_file(raw, options.certificate_file.c_str()) != 1) {
    return load_failure("certificate file " + options.certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(raw, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(raw) != 1) {
    return load_failure("key file " + options.key_file);
  }
  if (!options.client_ca_file.empty()) {
    const char* file = options.client_ca_file.c_str();
    STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(file);
    if (names == nullptr || SSL_CTX_load_verify_locations(raw, file, nullptr) != 1) {
      sk_X509_NAME_pop_free(names, X509_NAME_free);
      return load_failure("client CA file " + options.client_ca_file);
    }
    SSL_CTX_set_client_CA_list(raw, names);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

// Distinguishes one version of a file from the next without reading it.
using FileMark = std::tuple<dev_t, ino_t, off_t, int64_t, int64_t>;

FileMark mark_of(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
          status.st_mtim.tv_nsec};
}

std::array<FileMark, 3> marks_of(const TlsServerOptions& options) {
  return {mark_of(options.certificate_file), mark_of(options.key_file),
          mark_of(options.client_ca_file)};
}

class FileTlsAcceptor final : public TlsAcceptor {
 public:
  FileTlsAcceptor(TlsServerOptions options, std::array<FileMark, 3> marks, Context context)
      : options_(std::move(options)), marks_(std::move(marks)), context_(std::move(context)) {}

  std::unique_ptr<Transport> accept(int descriptor) override {
    refresh();
    return std::make_unique<TlsTransport>(context_.get(), descriptor);
  }

 private:
  // Marks are taken before the files are read: a change in between is detected the next time.
  void refresh() {
    const std::array<FileMark, 3> marks = marks_of(options_);
    if (marks == marks_) return;
    marks_ = marks;
    Result<Context> context = load(options_);
    if (context) {
      context_ = std::move(context).value();
      log_info("reloaded the receiver's TLS files");
    } else {
      log_warn("cannot reload the receiver's TLS files; the old ones stay in use",
               {{"error", context.error().message}});
    }
  }

  const TlsServerOptions options_;
  std::array<FileMark, 3> marks_;
  Context context_;
};

}  // namespace

Result<std::unique_ptr<TlsAcceptor>> TlsAcceptor::open(const TlsServerOptions& options) {
  const std::array<FileMark, 3> marks = marks_of(options);
  Result<Context> context = load(options);
  if (!context) return fail(std::move(context).error());
  return std::make_unique<FileTlsAcceptor>(options, marks, std::move(context).value());
}

}  // namespace dualtrace::agent

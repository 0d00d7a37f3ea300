// SPDX-License-Identifier: Apache-2.0
#include "common/net/client_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/system/system_error.hpp>
#include <fstream>
#include <sstream>
#include <utility>

#include "common/net/pem.h"

namespace dualtrace {
namespace {

namespace ssl = boost::asio::ssl;

constexpr unsigned char kHttp1[] = "\x08http/1.1";  // in ALPN format: with its length

bool is_address(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// "" if it cannot be read: the step that uses it then fails and names the file.
std::string content_of(const std::string& path) {
  if (path.empty()) return {};
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

Failure unusable(const Error& error) { return fail(ErrorKind::kInvalid, error.message); }

}  // namespace

ClientContext::ClientContext(TlsClientOptions options, std::string host)
    : options_(std::move(options)),
      name_(options_.server_name.empty() ? std::move(host) : options_.server_name) {}

std::string ClientContext::material() const {
  std::string all;
  for (const std::string* file :
       {&options_.ca_file, &options_.certificate_file, &options_.key_file}) {
    all.append(content_of(*file)).push_back('\0');
  }
  return all;
}

Result<ClientContext::Shared> ClientContext::current() {
  // Read before the context is made from it. If a file changes in between, the next call makes a
  // new one.
  std::string material = this->material();
  if (context_ != nullptr && material == material_) return context_;
  context_ = nullptr;
  auto made = make();
  if (!made) return made;
  context_ = *made;
  material_ = std::move(material);
  return context_;
}

Result<ClientContext::Shared> ClientContext::make() const {
  try {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_alpn_protos(native, kHttp1, sizeof(kHttp1) - 1);
    const PemSource authorities{options_.ca_text, options_.ca_file};
    if (authorities.empty()) {
      SSL_CTX_set_default_verify_paths(native);
    } else if (const Status trusted = trust_only(native, authorities); !trusted) {
      return unusable(trusted.error());
    }
    const PemSource certificate{options_.certificate_text, options_.certificate_file};
    const PemSource key{options_.key_text, options_.key_file};
    if (!certificate.empty()) {
      if (const Status shown = show_certificate(native, certificate, key); !shown) {
        return unusable(shown.error());
      }
    }
    SSL_CTX_set_verify(native, options_.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
    return context;
  } catch (const boost::system::system_error& error) {
    return fail(ErrorKind::kInvalid, std::string("TLS: ") + error.what());
  }
}

Status ClientContext::prepare(SSL* connection) const {
  if (!is_address(name_)) {
    std::string name = name_;  // as SSL_set_tlsext_host_name(), a macro with C casts
    SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  if (options_.insecure) return {};
  X509_VERIFY_PARAM* param = SSL_get0_param(connection);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // An address must match one of the certificate's addresses, anything else one of its names.
  const bool set = is_address(name_)
                       ? X509_VERIFY_PARAM_set1_ip_asc(param, name_.c_str()) == 1
                       : X509_VERIFY_PARAM_set1_host(param, name_.c_str(), name_.size()) == 1;
  ERR_clear_error();
  if (!set) return fail(ErrorKind::kInvalid, "the host name cannot be verified");
  return {};
}

std::string verification_failure(SSL* connection) {
  const long result = SSL_get_verify_result(connection);
  return result == X509_V_OK ? "" : X509_verify_cert_error_string(result);
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/client_stream.h"

#include <boost/asio/ssl/host_name_verification.hpp>
#include <string>

namespace dualtrace::bench {
namespace {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;
using boost::system::error_code;

bool connect_socket(tcp::socket& socket, const tcp::endpoint& endpoint) {
  error_code error;
  socket.connect(endpoint, error);
  if (!error) socket.set_option(tcp::no_delay(true), error);
  return !error;
}

void close_socket(tcp::socket& socket) {
  error_code ignored;  // it is closed in any case
  socket.close(ignored);
}

}  // namespace

Result<ClientTls> make_client_tls(const TlsClientOptions& files, std::string_view protocol) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  error_code error;
  context->set_verify_mode(ssl::verify_peer, error);
  context->load_verify_file(files.ca_file, error);
  if (error) return fail(ErrorKind::kInvalid, files.ca_file + ": " + error.message());
  if (!files.certificate_file.empty()) {
    context->use_certificate_chain_file(files.certificate_file, error);
    if (error) return fail(ErrorKind::kInvalid, files.certificate_file + ": " + error.message());
    context->use_private_key_file(files.key_file, ssl::context::pem, error);
    if (error) return fail(ErrorKind::kInvalid, files.key_file + ": " + error.message());
  }
  const std::string offered = static_cast<char>(protocol.size()) + std::string(protocol);
  SSL_CTX_set_alpn_protos(context->native_handle(),
                          reinterpret_cast<const unsigned char*>(offered.data()),
                          static_cast<unsigned>(offered.size()));
  return context;
}

bool ClientStream::is_open() const {
  if (tls_ == nullptr) return plain_.is_open();
  return secure_ != nullptr && secure_->next_layer().is_open();
}

bool ClientStream::connect(const tcp::endpoint& endpoint) {
  if (tls_ == nullptr) {
    if (connect_socket(plain_, endpoint)) return true;
    close();
    return false;
  }
  const auto stream = std::make_shared<Secure>(io_, *tls_);
  if (!connect_socket(stream->next_layer(), endpoint)) return false;
  stream->set_verify_callback(ssl::host_name_verification(endpoint.address().to_string()));
  error_code error;
  stream->handshake(ssl::stream_base::client, error);
  if (error) return false;
  secure_ = stream;
  return true;
}

void ClientStream::close() {
  close_socket(tls_ == nullptr || secure_ == nullptr ? plain_ : secure_->next_layer());
}

}  // namespace dualtrace::bench

// SPDX-License-Identifier: Apache-2.0
#include "common/net/origin_stream.h"

#include <openssl/bio.h>
#include <sys/socket.h>

#include <cerrno>

namespace dualtrace {

bool OriginStream::is_quiet() {
  if (!socket_.is_open()) return false;
  if (tls_) {
    SSL* connection = tls_->native_handle();
    if (SSL_pending(connection) > 0 || BIO_ctrl_pending(SSL_get_rbio(connection)) > 0) return false;
  }
  char byte = 0;
  const ssize_t peeked = recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return peeked < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// ClientStream: a connection's bytes, over TCP or TLS, as a stream for Asio and Beast. It may be
// connected again after close(), while operations of the broken connection still complete.
// Used from one thread, the io_context's, which outlives it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <string_view>

#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace::bench {

// Null: no TLS.
using ClientTls = std::shared_ptr<boost::asio::ssl::context>;

// `protocol` is the ALPN name of the protocol. kInvalid if a file cannot be read.
[[nodiscard]] Result<ClientTls> make_client_tls(const TlsClientOptions& files,
                                                std::string_view protocol);

class ClientStream {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;

  ClientStream(boost::asio::io_context& io, ClientTls tls)
      : io_(io), tls_(std::move(tls)), plain_(io) {}

  executor_type get_executor() { return plain_.get_executor(); }
  [[nodiscard]] bool is_open() const;
  // Includes the handshake; blocks. Returns false if it failed.
  bool connect(const boost::asio::ip::tcp::endpoint& endpoint);
  void close();

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler handler) {
    if (secure_ == nullptr) return plain_.async_read_some(buffers, std::move(handler));
    secure_->async_read_some(buffers, kept(std::move(handler)));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler handler) {
    if (secure_ == nullptr) return plain_.async_write_some(buffers, std::move(handler));
    secure_->async_write_some(buffers, kept(std::move(handler)));
  }

 private:
  using Secure = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

  // Operations use the stream until they complete, which may be after the next connect().
  template <typename Handler>
  auto kept(Handler handler) {
    return
        [secure = secure_, handler = std::move(handler)](
            const boost::system::error_code& error, size_t size) mutable { handler(error, size); };
  }

  boost::asio::io_context& io_;
  const ClientTls tls_;
  boost::asio::ip::tcp::socket plain_;
  std::shared_ptr<Secure> secure_;
};

}  // namespace dualtrace::bench

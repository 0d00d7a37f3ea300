// SPDX-License-Identifier: Apache-2.0
#pragma once
// OriginStream: a socket with or without TLS, as one stream type for Asio and Beast. Private to
// common_http_client.
// Used from one thread, the io_context's.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace dualtrace {

class OriginStream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Tls = boost::asio::ssl::stream<Socket&>;
  using executor_type = Socket::executor_type;

  explicit OriginStream(Socket socket) : socket_(std::move(socket)) {}
  OriginStream(const OriginStream&) = delete;
  OriginStream& operator=(const OriginStream&) = delete;

  executor_type get_executor() { return socket_.get_executor(); }
  Socket& socket() { return socket_; }
  Tls& secure(std::shared_ptr<boost::asio::ssl::context> context) {
    context_ = std::move(context);
    return tls_.emplace(socket_, *context_);
  }

  // Whether there is no unsolicited data: neither in the TLS buffers nor in the socket. A closed
  // connection is not quiet.
  [[nodiscard]] bool is_quiet();
  // Pending operations end with an error.
  void close() {
    boost::system::error_code unimportant;
    socket_.close(unimportant);
  }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return void(tls_->async_read_some(buffers, std::forward<Handler>(handler)));
    socket_.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return void(tls_->async_write_some(buffers, std::forward<Handler>(handler)));
    socket_.async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  Socket socket_;
  std::optional<Tls> tls_;
};

}  // namespace dualtrace

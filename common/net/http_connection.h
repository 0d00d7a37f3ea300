// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpConnection: one connection of HttpServer. Reads a request, waits for its answer, writes it,
// and repeats. Private to common_http_server. Used from one thread, the server's io thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <unordered_set>

#include "common/net/http_server.h"
#include "common/net/server_tls.h"

namespace dualtrace {

// Lives as long as the server or a replier, so that a late reply has a target. Posted tasks hold
// connections weakly: nothing in the io_context may own the io_context.
class HttpReplier::Exchange {
 public:
  virtual ~Exchange() = default;
  virtual void reply(HttpServerResponse response) = 0;
  virtual void drop() = 0;
};

class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  virtual void start() = 0;
  virtual void answer(HttpServerResponse response) = 0;
  virtual void close() = 0;
  // Its place in the order in which connections started to wait for their clients; 0: waits for the
  // handler.
  [[nodiscard]] virtual uint64_t waits_since() const = 0;
};

// The parts of the server that connections need; it outlives them.
struct HttpServerContext {
  HttpServer::Options options;
  HttpServer::Handler handler;
  std::shared_ptr<boost::asio::io_context> io = std::make_shared<boost::asio::io_context>(1);
  std::unordered_set<std::shared_ptr<HttpConnection>> connections{};
  uint64_t waits = 0;
  size_t bodies_bytes = 0;  // of requests being read or answered
};

// Without `tls`, the connection is plaintext.
[[nodiscard]] std::shared_ptr<HttpConnection> make_http_connection(
    HttpServerContext& server, boost::asio::ip::tcp::socket socket, const ServerTls& tls);

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpConnection: one connection of HttpServer, which reads a request, waits for its answer, writes
// it, and again. Private to common_http_server. Used from the server's io thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <unordered_set>

#include "common/net/http_server.h"
#include "common/net/server_tls.h"

namespace dualtrace {

// Lives as long as the server or a replier does, so that a late reply finds something to be posted
// to. What is posted holds connections weakly: nothing in the io_context may own the io_context.
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
  // Its place in the order in which connections began to wait for their client; 0: it waits for the
  // handler.
  [[nodiscard]] virtual uint64_t waits_since() const = 0;
};

// What connections need from their server, which outlives them.
struct HttpServerContext {
  HttpServer::Options options;
  HttpServer::Handler handler;
  std::shared_ptr<boost::asio::io_context> io = std::make_shared<boost::asio::io_context>(1);
  std::unordered_set<std::shared_ptr<HttpConnection>> connections{};
  uint64_t waits = 0;
  size_t bodies_bytes = 0;  // of the requests that are read or being answered
};

// Without `tls` in the clear.
[[nodiscard]] std::shared_ptr<HttpConnection> make_http_connection(
    HttpServerContext& server, boost::asio::ip::tcp::socket socket, const ServerTls& tls);

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_server.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

#include "common/net/http_connection.h"
#include "common/net/server_tls.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAcceptRetryDelay = std::chrono::milliseconds(100);

class AsioHttpServer final : public HttpServer {
 public:
  AsioHttpServer(Options options, Handler handler)
      : context_{.options = std::move(options), .handler = std::move(handler)},
        acceptor_(*context_.io),
        retry_timer_(*context_.io) {}

  ~AsioHttpServer() override {
    context_.io->stop();
    if (thread_.joinable()) thread_.join();
    while (!context_.connections.empty()) (*context_.connections.begin())->close();
  }

  Status listen() {
    const Options& options = context_.options;
    if (options.tls || options.identity) {
      auto tls = options.tls ? load_tls(*options.tls) : make_tls(*options.identity);
      if (!tls) return fail(tls.error().with_prefix("http server: "));
      tls_ = *std::move(tls);
    }
    error_code error;
    auto address = asio::ip::make_address(context_.options.listen.host, error);
    if (!error) error = open(address);
    if (error == asio::error::address_family_not_supported && address == asio::ip::address_v6())
      error = open(address = asio::ip::address_v4());  // kernel without IPv6
    if (error) {
      return fail(ErrorKind::kUnavailable,
                  "http server: listen on " + context_.options.listen.host + " port " +
                      std::to_string(context_.options.listen.port) + ": " + error.message());
    }
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), context_.options.thread_name.substr(0, 15).c_str());
      context_.io->run();
    });
    return {};
  }

  [[nodiscard]] uint16_t port() const override { return port_; }

  Status show(const TlsIdentity& identity) override {
    if (!context_.options.identity) {
      return fail(ErrorKind::kInvalid,
                  "http server: its certificate comes from files and cannot be replaced in memory");
    }
    auto tls = make_tls(identity);
    if (!tls) return fail(tls.error().with_prefix("http server: "));
    asio::post(*context_.io, [this, tls = *std::move(tls)] { tls_ = tls; });
    return {};
  }

 private:
  error_code open(const asio::ip::address& address) {
    const tcp::endpoint endpoint(address, context_.options.listen.port);
    error_code error;
    if (acceptor_.open(endpoint.protocol(), error)) return error;
    if (acceptor_.set_option(tcp::acceptor::reuse_address(true), error)) return error;
    if (address.is_v6() && acceptor_.set_option(asio::ip::v6_only(false), error)) return error;
    if (acceptor_.bind(endpoint, error)) return error;
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) {  // most likely no file descriptor is left: do not spin
        retry_timer_.expires_after(kAcceptRetryDelay);
        return retry_timer_.async_wait([this](error_code cancelled) {
          if (!cancelled) accept();
        });
      }
      if (has_room()) serve(std::move(socket));
      accept();
    });
  }

  // Makes room for one more connection. At the limit, the connection that has waited longest for
  // its client is closed, so that silent clients cannot lock out the others.
  bool has_room() {
    auto& open = context_.connections;
    if (open.size() < context_.options.connections_max) return true;
    const auto longest = std::ranges::min_element(
        open, {}, [](const auto& connection) { return connection->waits_since() - 1; });
    if ((*longest)->waits_since() == 0) return false;  // all are waiting for the handler
    std::shared_ptr<HttpConnection>(*longest)->close();
    return true;
  }

  void serve(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (context_.options.tls) {
      // Read again for each connection. While a rotation is incomplete, the last valid pair stays
      // in use.
      if (auto fresh = load_tls(*context_.options.tls)) tls_ = *std::move(fresh);
    }
    const auto connection = make_http_connection(context_, std::move(socket), tls_);
    context_.connections.insert(connection);
    connection->start();
  }

  HttpServerContext context_;
  ServerTls tls_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_timer_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

std::string_view HttpServerRequest::header(std::string_view name) const {
  const auto found = std::ranges::find(
      headers, name, [](const auto& pair) -> std::string_view { return pair.first; });
  return found == headers.end() ? std::string_view() : found->second;
}

HttpReplier::HttpReplier(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
HttpReplier::HttpReplier(HttpReplier&&) noexcept = default;

HttpReplier& HttpReplier::operator=(HttpReplier&& other) noexcept {
  if (this != &other) {
    if (exchange_) exchange_->drop();
    exchange_ = std::move(other.exchange_);
  }
  return *this;
}

HttpReplier::~HttpReplier() {
  if (exchange_) exchange_->drop();
}

void HttpReplier::reply(HttpServerResponse response) {
  DT_CHECK(exchange_ != nullptr);
  std::exchange(exchange_, nullptr)->reply(std::move(response));
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(Options options, Handler handler) {
  auto server = std::make_unique<AsioHttpServer>(std::move(options), std::move(handler));
  if (auto listening = server->listen(); !listening) return fail(listening.error());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// CppRestSession: shared by the exchanges of one HttpClient: cpprestsdk's client with its
// connection pool, and the translation of cpprestsdk's errors. Outlives the HttpClient as long as
// cpprestsdk still holds one of its exchanges. Private to common_http_client. Used from one thread,
// the pool's, except for the members that its mutex guards.

#include <cpprest/http_client.h>

#include <exception>
#include <memory>
#include <set>

#include "common/net/cpprest_tls.h"
#include "common/net/http_client.h"
#include "common/sync/mutex.h"

namespace dualtrace {

// The only thread for cpprestsdk: its timeouts and cancellations access sockets that another thread
// of its pool could be using. Our code never blocks on it.
boost::asio::io_context& cpprest_pool();

class Exchange;

class CppRestSession {
 public:
  using RestClient = std::shared_ptr<web::http::client::http_client>;

  explicit CppRestSession(HttpClient::Options options);

  // The client for a new request; the exchange keeps it until it has ended.
  RestClient rest_client();
  void renew(TlsClientOptions tls);
  // Makes later requests use a new client: cpprestsdk keeps connections that turned out to be dead.
  void leave(const RestClient& rest_client);
  [[nodiscard]] Error to_error(std::exception_ptr cause);

  void begin(const std::shared_ptr<Exchange>& exchange);
  void end(const std::shared_ptr<Exchange>& exchange);
  void close();
  [[nodiscard]] bool closing() const { return closing_; }
  [[nodiscard]] const HttpClient::Options& options() const { return options_; }

  // From any thread: an Exchange was created, has called its last callback, was destroyed.
  void exchange_made();
  void exchange_ended();
  void exchange_gone();
  // Waits until every exchange has ended, and a moment longer for cpprestsdk to release them.
  void wait_for_exchanges();

 private:
  const HttpClient::Options options_;
  std::shared_ptr<ClientTls> tls_;
  SystemClock clock_;
  RestClient rest_client_;
  Tick idle_since_{};
  std::set<std::shared_ptr<Exchange>> exchanges_;
  bool closing_ = false;  // the client is being destroyed

  Mutex mutex_;
  CondVar changed_;
  size_t in_flight_ DT_GUARDED_BY(mutex_) = 0;  // sent, but not ended
  size_t held_ DT_GUARDED_BY(mutex_) = 0;       // Exchange objects
};

}  // namespace dualtrace

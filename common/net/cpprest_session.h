// SPDX-License-Identifier: Apache-2.0
#pragma once
// Session: what the exchanges of one HttpClient share: cpprestsdk's client with its pool of
// connections, and the reading of cpprestsdk's errors. Outlives the HttpClient for as long as
// cpprestsdk still holds one of its exchanges. Private to common_http_client.
// Used from one thread, the pool's, but for what its mutex guards.

#include <cpprest/http_client.h>

#include <exception>
#include <memory>
#include <set>

#include "common/net/cpprest_tls.h"
#include "common/net/http_client.h"
#include "common/sync/mutex.h"

namespace dualtrace {

// The one thread for everything of cpprestsdk: its timeouts and cancellations touch a socket that
// another thread of its pool may be using. Nothing of ours blocks on it.
boost::asio::io_context& cpprest_pool();

class Exchange;

class Session {
 public:
  using RestClient = std::shared_ptr<web::http::client::http_client>;

  explicit Session(HttpClient::Options options);

  // The one to use for a new request; whoever uses it keeps it until its exchange has ended.
  RestClient rest_client();
  void renew(TlsClientOptions tls);
  // Nobody else is to use it: cpprestsdk keeps a connection that turned out to be dead.
  void leave(const RestClient& rest_client);
  [[nodiscard]] Error to_error(std::exception_ptr cause);

  void begin(const std::shared_ptr<Exchange>& exchange);
  void end(const std::shared_ptr<Exchange>& exchange);
  void close();
  [[nodiscard]] bool closing() const { return closing_; }
  [[nodiscard]] const HttpClient::Options& options() const { return options_; }

  // From any thread: an Exchange was made, has called its last callback, is gone.
  void exchange_made();
  void exchange_ended();
  void exchange_gone();
  // Until every exchange has ended, and a moment longer for cpprestsdk to let go of them.
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
  size_t in_flight_ DT_GUARDED_BY(mutex_) = 0;  // sent, and not ended
  size_t held_ DT_GUARDED_BY(mutex_) = 0;       // Exchange objects
};

}  // namespace dualtrace

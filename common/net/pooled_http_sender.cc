// SPDX-License-Identifier: Apache-2.0
#include "common/net/pooled_http_sender.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <set>
#include <thread>
#include <utility>

#include "common/net/http_head.h"
#include "common/net/origin_connection.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;

// A connection that is not open after this time may never be: another waiting request then opens
// its own.
constexpr Duration kOpeningHopeful = std::chrono::seconds(2);

// A request from start() to `done`.
struct Exchange {
  Exchange(asio::io_context& io, HttpRequest wanted, HttpSender::Done then)
      : request(std::move(wanted)), done(std::move(then)), deadline(io) {}

  HttpRequest request;
  HttpSender::Done done;  // none: already called
  asio::steady_timer deadline;
  std::shared_ptr<OriginConnection> connection{};  // set once it is being sent
};
using ExchangePointer = std::shared_ptr<Exchange>;
using Connection = std::shared_ptr<OriginConnection>;

class PooledHttpSender final : public HttpSender {
 public:
  PooledHttpSender(HttpSenderOptions options, Resolve resolve)
      : options_(std::move(options)),
        lookup_(io_, options_.proxy ? options_.proxy->url.authority : options_.origin.authority,
                std::move(resolve)),
        tls_(options_.tls, options_.origin.authority.host),
        work_(io_.get_executor()),
        thread_([this] { io_.run(); }) {
    pthread_setname_np(thread_.native_handle(), options_.thread_name.c_str());
  }

  ~PooledHttpSender() override {
    asio::post(io_, [this] { stop(); });
    thread_.join();
  }
  PooledHttpSender(const PooledHttpSender&) = delete;
  PooledHttpSender& operator=(const PooledHttpSender&) = delete;

  void send(HttpRequest request, Duration timeout, Done done) override {
    auto exchange = std::make_shared<Exchange>(io_, std::move(request), std::move(done));
    asio::post(io_, [this, exchange = std::move(exchange), timeout] { start(exchange, timeout); });
  }

 private:
  struct Opening {
    Connection connection;
    Tick since;
  };

  void start(const ExchangePointer& exchange, Duration timeout) {
    exchanges_.insert(exchange);
    if (const Status checked = check_headers(exchange->request.headers); !checked) {
      return finish(exchange, fail(checked.error()));
    }
    exchange->deadline.expires_after(timeout);
    exchange->deadline.async_wait([this, exchange](const boost::system::error_code& error) {
      if (!error) late(exchange);
    });
    waiting_.push_back(exchange);
    serve();
  }

  // Gives each waiting request a connection: an idle one, or a new one.
  void serve() {
    while (!waiting_.empty()) {
      const Connection connection = take_idle();
      if (connection == nullptr) break;
      const ExchangePointer exchange = waiting_.front();
      waiting_.pop_front();
      run(exchange, connection);
    }
    while (hopeful() < waiting_.size() && connections_ < options_.connections_max) open();
  }

  // Takes the most recently used one, so that surplus connections age out, and drops those that are
  // not quiet.
  Connection take_idle() {
    while (!idle_.empty()) {
      const Connection connection = idle_.back();
      idle_.pop_back();
      if (connection->is_quiet()) return connection;
      drop(connection);
    }
    return nullptr;
  }

  [[nodiscard]] size_t hopeful() {
    const Tick now = clock_.tick();
    return static_cast<size_t>(
        std::count_if(opening_.begin(), opening_.end(), [&](const Opening& opening) {
          return opening.connection->looks_up() || now - opening.since < kOpeningHopeful;
        }));
  }

  void open() {
    const auto connection = std::make_shared<OriginConnection>(io_, options_, lookup_, tls_);
    ++connections_;
    opening_.push_back({connection, clock_.tick()});
    connection->open([this, key = connection.get()](const Status& status) { opened(key, status); });
  }

  void opened(const OriginConnection* key, const Status& status) {
    const auto opening = std::find_if(opening_.begin(), opening_.end(), [&](const Opening& each) {
      return each.connection.get() == key;
    });
    if (opening == opening_.end()) return;  // stopped in the meantime
    const Connection connection = opening->connection;
    opening_.erase(opening);
    if (!status) {
      drop(connection);
      // Report the reason to the request that waits longest.
      if (!waiting_.empty()) finish(waiting_.front(), fail(status.error()));
    } else if (!waiting_.empty()) {
      // Use it immediately instead of adding it to the idle ones: TLS 1.3 may have sent tickets by
      // now, so it would not count as quiet.
      const ExchangePointer exchange = waiting_.front();
      waiting_.pop_front();
      run(exchange, connection);
    } else {
      let_idle(connection);
    }
    serve();
  }

  void run(const ExchangePointer& exchange, const Connection& connection) {
    exchange->connection = connection;
    connection->exchange(std::move(exchange->request),
                         [this, exchange, connection](Result<HttpResponse> answer) {
                           answered(exchange, connection, std::move(answer));
                         });
  }

  void answered(const ExchangePointer& exchange, const Connection& connection,
                Result<HttpResponse> answer) {
    if (connection->reusable()) {
      let_idle(connection);
    } else {
      drop(connection);
    }
    finish(exchange, std::move(answer));
    serve();
  }

  void let_idle(const Connection& connection) {
    idle_.push_back(connection);
    connection->idle([this, key = connection.get()] {
      const auto at = std::find_if(idle_.begin(), idle_.end(),
                                   [&](const Connection& each) { return each.get() == key; });
      if (at == idle_.end()) return;
      --connections_;
      idle_.erase(at);
    });
  }

  void drop(const Connection& connection) {
    connection->close();
    --connections_;
  }

  // Only a request that was sent can have arrived, and only that is kCancelled.
  void late(const ExchangePointer& exchange) {
    if (exchange->done == nullptr) return;
    if (exchange->connection != nullptr) {
      exchange->connection->close();
      return finish(exchange, fail(ErrorKind::kCancelled, "no answer in time"));
    }
    const std::string step = opening_.empty() ? "every connection is in use"
                                              : std::string(opening_.front().connection->step());
    finish(exchange, fail(ErrorKind::kUnavailable, "not sent in time: " + step));
  }

  void finish(const ExchangePointer& exchange, Result<HttpResponse> answer) {
    const Done done = std::exchange(exchange->done, nullptr);
    if (done == nullptr) return;
    exchange->deadline.cancel();
    const auto waiting = std::find(waiting_.begin(), waiting_.end(), exchange);
    if (waiting != waiting_.end()) waiting_.erase(waiting);
    exchanges_.erase(exchange);
    if (answer) return done(std::move(answer));
    done(fail(answer.error().with_prefix(options_.origin.authority.to_string() + ": ")));
  }

  // With everything closed, the io_context runs out of work, and the thread ends.
  void stop() {
    const auto exchanges = exchanges_;
    for (const ExchangePointer& exchange : exchanges) {
      if (exchange->connection != nullptr) exchange->connection->close();
      finish(exchange, fail(ErrorKind::kCancelled, "shutting down"));
    }
    for (const Opening& opening : std::exchange(opening_, {})) opening.connection->close();
    for (const Connection& connection : std::exchange(idle_, {})) connection->close();
    work_.reset();
  }

  const HttpSenderOptions options_;
  SystemClock clock_;
  asio::io_context io_{1};
  // Used on the thread only.
  Lookup lookup_;
  ClientContext tls_;
  std::set<ExchangePointer> exchanges_;
  std::deque<ExchangePointer> waiting_;  // of these, the ones without a connection
  std::vector<Opening> opening_;
  std::vector<Connection> idle_;
  size_t connections_ = 0;  // opening, in use or idle

  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<HttpSender> make_pooled_http_sender(HttpSenderOptions options, Resolve resolve) {
  return std::make_unique<PooledHttpSender>(std::move(options), std::move(resolve));
}

std::unique_ptr<HttpSender> make_http_sender(HttpSenderOptions options) {
  return make_pooled_http_sender(std::move(options), resolve_by_system);
}

}  // namespace dualtrace

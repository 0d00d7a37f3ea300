#include "common/net/http_client.h"

#include <cpprest/http_client.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <set>

#include "common/net/cpprest_streams.h"
#include "common/net/cpprest_tls.h"
#include "common/sync/mutex.h"

namespace dualtrace {
namespace {

namespace rest = web::http;

// How long the destructor waits for cpprestsdk to let go of what was cancelled: a name being looked
// up, or a tunnel asked for, cannot be.
constexpr Duration kLetGoMax = std::chrono::seconds(1);
// Servers close connections that idle, and a request that meets such a close fails. cpprestsdk
// keeps idle connections for up to a minute; we leave them after this.
constexpr Duration kIdleMax = std::chrono::seconds(4);
constexpr size_t kChunkBytes = 256 * 1024;

// One thread for everything of cpprestsdk: its timeouts and cancellations touch a socket that
// another thread of its pool may be using. Nothing of ours blocks on it.
boost::asio::io_context& pool() {
  static std::once_flag once;
  std::call_once(once, [] {
    OPENSSL_init_ssl(0,
                     nullptr);  // first, so that at exit its clean-up comes after the thread's end
    crossplat::threadpool::initialize_with_threads(1);
  });
  return crossplat::threadpool::shared_instance().service();
}

// cpprestsdk keeps the brackets of an IPv6 host when it looks it up, which then fails. It takes the
// address without them as long as a port follows.
std::string rest_origin(const Url& url) {
  const bool ipv6 = url.authority.host.find(':') != std::string::npos;
  const bool default_port = url.authority.port == (url.secure() ? 443 : 80);
  std::string origin = url.scheme + "://" + url.authority.host;
  if (ipv6 || !default_port) origin += ":" + std::to_string(url.authority.port);
  return origin;
}

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

bool is_header_safe(const std::pair<std::string, std::string>& header) {
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; };
  return !header.first.empty() &&
         std::none_of(header.first.begin(), header.first.end(),
                      [&](char c) { return is_control(c) || c == ' ' || c == ':' || c == '\t'; }) &&
         std::none_of(header.second.begin(), header.second.end(), is_control);
}

HttpResponse to_response(const rest::http_response& from) {
  HttpResponse response;
  response.status = from.status_code();
  for (const auto& [name, value] : from.headers()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    response.headers.emplace_back(std::move(lower), value);
  }
  return response;
}

class Exchange;

// What the exchanges of one client share. Outlives the client for as long as cpprestsdk still holds
// one of them. What `mutex` does not guard is used on the pool's thread only.
struct Shared : std::enable_shared_from_this<Shared> {
  explicit Shared(HttpClient::Options client_options);

  rest::client::http_client& client();
  void exchange_ended(const std::shared_ptr<Exchange>& exchange);
  [[nodiscard]] Error to_error(std::exception_ptr cause);

  const HttpClient::Options options;
  const std::shared_ptr<ClientTls> tls;
  SystemClock clock;
  std::shared_ptr<rest::client::http_client> rest_client;
  Tick idle_since{};
  std::set<std::shared_ptr<Exchange>> exchanges;
  bool closing = false;  // the client is being destroyed

  Mutex mutex;
  CondVar changed;
  size_t in_flight DT_GUARDED_BY(mutex) = 0;  // sent, and their `done` not called
  size_t held DT_GUARDED_BY(mutex) = 0;       // Exchange objects
};

// One request from start to its `done`. Lives on the pool's thread.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<Shared> shared, HttpRequest request, Duration timeout,
           HttpClient::Done done)
      : shared_(std::move(shared)),
        request_(std::move(request)),
        timeout_(timeout),
        done_(std::move(done)),
        deadline_(pool()) {
    Lock lock(shared_->mutex);
    ++shared_->in_flight;
    ++shared_->held;
  }
  ~Exchange() {
    Lock lock(shared_->mutex);
    --shared_->held;
    shared_->changed.notify_all();
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void start();
  void cancel(std::string why);

 private:
  rest::http_request to_rest();
  void headers_arrived(const pplx::task<rest::http_response>& answered);
  void body_arrived(const pplx::task<rest::http_response>& ready);
  void body_full();
  // The one place where foreign exceptions become an Error.
  void failed(std::exception_ptr cause) { finish(fail(shared_->to_error(std::move(cause)))); }
  void finish(Result<HttpResponse> result);

  const std::shared_ptr<Shared> shared_;
  HttpRequest request_;
  const Duration timeout_;
  HttpClient::Done done_;  // empty when it has been called
  boost::asio::steady_timer deadline_;
  pplx::cancellation_token_source canceller_;
  std::optional<HttpResponse> response_;  // without the body, once the headers are here
  std::shared_ptr<ResponseBody> body_;
  bool body_full_ = false;
};

Shared::Shared(HttpClient::Options client_options)
    : options(std::move(client_options)),
      tls(std::make_shared<ClientTls>(options.tls, options.origin.authority.host)) {}

rest::client::http_client& Shared::client() {
  const bool idle = exchanges.empty() && clock.tick() - idle_since > kIdleMax;
  if (rest_client != nullptr && !idle) return *rest_client;
  rest::client::http_client_config config;
  config.set_max_redirects(0);
  config.set_chunksize(kChunkBytes);
  // For each read and write. The deadline is ours; this ends what cannot be cancelled (a CONNECT).
  config.set_timeout(std::chrono::minutes(2));
  config.set_tlsext_sni_enabled(!is_address(options.origin.authority.host));
  if (options.origin.secure()) {
    config.set_ssl_context_callback(
        [tls = tls](boost::asio::ssl::context& context) { tls->prepare(context.native_handle()); });
  }
  if (options.proxy) config.set_proxy(web::web_proxy(rest_origin(*options.proxy)));
  rest_client =
      std::make_shared<rest::client::http_client>(rest_origin(options.origin), std::move(config));
  return *rest_client;
}

void Shared::exchange_ended(const std::shared_ptr<Exchange>& exchange) {
  exchanges.erase(exchange);
  idle_since = clock.tick();
  Lock lock(mutex);
  --in_flight;
  changed.notify_all();
}

Error Shared::to_error(std::exception_ptr cause) {
  Error error{ErrorKind::kUnavailable, {}};
  try {
    std::rethrow_exception(std::move(cause));
  } catch (const rest::http_exception& exception) {
    error.message = exception.what();
    const auto code = static_cast<unsigned long>(exception.error_code().value());
    const char* reason =
        error.message == "Error in SSL handshake" ? ERR_reason_error_string(code) : nullptr;
    if (reason != nullptr) error.message.append(": ").append(reason);
    const std::string failure = tls->take_failure();
    if (!failure.empty()) error.message.append(": ").append(failure);
  } catch (const pplx::task_canceled&) {
    error = Error{ErrorKind::kCancelled, "cancelled"};
  } catch (const std::exception& exception) {
    error.message = exception.what();
  }
  return error.with_prefix(options.origin.authority.to_string() + ": ");
}

void Exchange::start() {
  shared_->exchanges.insert(shared_from_this());
  if (shared_->closing) return cancel("shutting down");
  deadline_.expires_after(timeout_);
  deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self != nullptr) self->cancel("no answer in time");
  });
  if (!std::all_of(request_.headers.begin(), request_.headers.end(), is_header_safe)) {
    return finish(fail(ErrorKind::kInvalid, "a header has a character that does not belong there"));
  }
  try {
    shared_->client()
        .request(to_rest(), canceller_.get_token())
        .then([self = shared_from_this()](const pplx::task<rest::http_response>& answered) {
          self->headers_arrived(answered);
        });
  } catch (...) {
    failed(std::current_exception());
  }
}

rest::http_request Exchange::to_rest() {
  rest::http_request request(request_.method);
  request.set_request_uri(request_.path);
  for (const auto& [name, value] : request_.headers) request.headers().add(name, value);
  // Only when cpprestsdk would get it wrong: it also takes the name for SNI from here.
  const HostPort& host = shared_->options.origin.authority;
  if (host.host.find(':') != std::string::npos) request.headers().add("Host", host.to_string());
  if (!request.headers().has("User-Agent")) request.headers().add("User-Agent", "dualtrace");
  if (!request_.body.empty()) {
    request.headers().set_content_length(request_.body.size());
    const std::string type = request.headers().content_type();
    const concurrency::streams::streambuf<uint8_t> body(
        std::make_shared<RequestBody>(std::move(request_.body)));
    request.set_body(concurrency::streams::istream(body), type);
  }
  body_ = std::make_shared<ResponseBody>(shared_->options.response_bytes_max,
                                         [weak = weak_from_this()] {
                                           const auto self = weak.lock();
                                           if (self != nullptr) self->body_full();
                                         });
  request.set_response_stream(
      concurrency::streams::ostream(concurrency::streams::streambuf<uint8_t>(body_)));
  return request;
}

void Exchange::headers_arrived(const pplx::task<rest::http_response>& answered) {
  try {
    const rest::http_response response = answered.get();
    response_ = to_response(response);
    response.content_ready().then(
        [self = shared_from_this()](const pplx::task<rest::http_response>& ready) {
          self->body_arrived(ready);
        });
    if (body_full_) body_full();
  } catch (...) {
    failed(std::current_exception());
  }
}

void Exchange::body_arrived(const pplx::task<rest::http_response>& ready) {
  try {
    ready.get();
    response_->body = body_->take();
    finish(*std::move(response_));
  } catch (...) {
    failed(std::current_exception());
  }
}

void Exchange::body_full() {
  body_full_ = true;
  if (!response_) return;  // the headers' task is still on its way
  response_->body = body_->take();
  finish(*std::move(response_));
  boost::asio::post(pool(), [self = shared_from_this()] { self->canceller_.cancel(); });
}

void Exchange::cancel(std::string why) {
  const std::string host = shared_->options.origin.authority.to_string();
  finish(fail(ErrorKind::kCancelled, host + ": " + std::move(why)));
  canceller_.cancel();
}

void Exchange::finish(Result<HttpResponse> result) {
  const HttpClient::Done done = std::exchange(done_, {});
  if (!done) return;  // cancelled before
  deadline_.cancel();
  done(std::move(result));
  shared_->exchange_ended(shared_from_this());
}

class CppRestHttpClient final : public HttpClient {
 public:
  explicit CppRestHttpClient(Options options)
      : shared_(std::make_shared<Shared>(std::move(options))) {}

  ~CppRestHttpClient() override {
    // The pool's one thread runs this after the starts that send() has posted.
    boost::asio::post(pool(), [shared = shared_] {
      shared->closing = true;
      const auto exchanges = shared->exchanges;
      for (const auto& exchange : exchanges) exchange->cancel("shutting down");
    });
    Lock lock(shared_->mutex);
    while (shared_->in_flight > 0) shared_->changed.wait(shared_->mutex);
    const Tick end = shared_->clock.tick() + kLetGoMax;
    while (shared_->held > 0 && shared_->clock.tick() < end) {
      shared_->changed.wait_until(shared_->mutex, end);
    }
  }
  CppRestHttpClient(const CppRestHttpClient&) = delete;
  CppRestHttpClient& operator=(const CppRestHttpClient&) = delete;

  void send(HttpRequest request, Duration timeout, Done done) override {
    auto exchange =
        std::make_shared<Exchange>(shared_, std::move(request), timeout, std::move(done));
    boost::asio::post(pool(), [exchange = std::move(exchange)] { exchange->start(); });
  }

 private:
  const std::shared_ptr<Shared> shared_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(HttpClient::Options options) {
  pool();
  return std::make_unique<CppRestHttpClient>(std::move(options));
}

}  // namespace dualtrace

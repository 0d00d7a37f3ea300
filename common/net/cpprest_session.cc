// SPDX-License-Identifier: Apache-2.0
#include "common/net/cpprest_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <mutex>
#include <utility>

#include "common/net/cpprest_exchange.h"

namespace dualtrace {
namespace {

namespace rest = web::http;

// How long the destructor waits for cpprestsdk to release cancelled exchanges: a name lookup or a
// CONNECT cannot be cancelled.
constexpr Duration kLetGoMax = std::chrono::seconds(1);
// Servers close idle connections, and a request that coincides with the close fails. cpprestsdk
// keeps idle connections for up to a minute; we drop them after this time.
constexpr Duration kIdleMax = std::chrono::seconds(4);
constexpr size_t kChunkBytes = 256 * 1024;

// cpprestsdk keeps the brackets of an IPv6 host in the lookup, which then fails. It accepts the
// address without brackets as long as a port follows.
std::string rest_origin(const Url& url) {
  const bool ipv6 = url.authority.host.find(':') != std::string::npos;
  const bool default_port = url.authority.port == (url.secure() ? 443 : 80);
  std::string origin = url.scheme + "://" + url.authority.host;
  if (ipv6 || !default_port) origin += ":" + std::to_string(url.authority.port);
  return origin;
}

}  // namespace

boost::asio::io_context& cpprest_pool() {
  static std::once_flag once;
  std::call_once(once, [] {
    OPENSSL_init_ssl(0,
                     nullptr);  // first, so that at exit its clean-up comes after the thread's end
    crossplat::threadpool::initialize_with_threads(1);
  });
  return crossplat::threadpool::shared_instance().service();
}

CppRestSession::CppRestSession(HttpClient::Options options)
    : options_(std::move(options)),
      tls_(std::make_shared<ClientTls>(options_.tls, options_.origin.authority.host)) {}

CppRestSession::RestClient CppRestSession::rest_client() {
  const bool idle = exchanges_.empty() && clock_.tick() - idle_since_ > kIdleMax;
  if (rest_client_ != nullptr && !idle) return rest_client_;
  rest::client::http_client_config config;
  config.set_max_redirects(0);
  config.set_chunksize(kChunkBytes);
  // For each read and write. We enforce the deadline; this ends what cannot be cancelled (a
  // CONNECT).
  config.set_timeout(std::chrono::duration_cast<std::chrono::microseconds>(options_.silence_max));
  config.set_tlsext_sni_enabled(tls_->sends_host_name());
  config.set_validate_certificates(tls_->verifies());
  if (options_.origin.secure()) {
    config.set_ssl_context_callback([tls = tls_](boost::asio::ssl::context& context) {
      tls->prepare(context.native_handle());
    });
  }
  if (options_.proxy) config.set_proxy(web::web_proxy(rest_origin(*options_.proxy)));
  rest_client_ =
      std::make_shared<rest::client::http_client>(rest_origin(options_.origin), std::move(config));
  return rest_client_;
}

void CppRestSession::renew(TlsClientOptions tls) {
  tls_ = std::make_shared<ClientTls>(std::move(tls), options_.origin.authority.host);
  rest_client_.reset();
}

void CppRestSession::leave(const RestClient& rest_client) {
  if (rest_client_ == rest_client) rest_client_.reset();
}

Error CppRestSession::to_error(std::exception_ptr cause) {
  Error error{ErrorKind::kUnavailable, {}};
  try {
    std::rethrow_exception(std::move(cause));
  } catch (const rest::http_exception& exception) {
    error.message = exception.what();
    const auto code = static_cast<unsigned long>(exception.error_code().value());
    const char* reason =
        error.message == "Error in SSL handshake" ? ERR_reason_error_string(code) : nullptr;
    if (reason != nullptr) error.message.append(": ").append(reason);
    const std::string failure = tls_->take_failure();
    if (!failure.empty()) error.message.append(": ").append(failure);
  } catch (const pplx::task_canceled&) {
    error = Error{ErrorKind::kCancelled, "cancelled"};
  } catch (const std::exception& exception) {
    error.message = exception.what();
  }
  return error.with_prefix(options_.origin.authority.to_string() + ": ");
}

void CppRestSession::begin(const std::shared_ptr<Exchange>& exchange) {
  exchanges_.insert(exchange);
}

void CppRestSession::end(const std::shared_ptr<Exchange>& exchange) {
  exchanges_.erase(exchange);
  idle_since_ = clock_.tick();
}

void CppRestSession::close() {
  closing_ = true;
  const auto exchanges = exchanges_;
  for (const auto& exchange : exchanges) exchange->cancel("shutting down");
}

void CppRestSession::exchange_made() {
  const Lock lock(mutex_);
  ++in_flight_;
  ++held_;
}

void CppRestSession::exchange_ended() {
  const Lock lock(mutex_);
  --in_flight_;
  changed_.notify_all();
}

void CppRestSession::exchange_gone() {
  const Lock lock(mutex_);
  --held_;
  changed_.notify_all();
}

void CppRestSession::wait_for_exchanges() {
  const Lock lock(mutex_);
  while (in_flight_ > 0) changed_.wait(mutex_);
  const Tick end = clock_.tick() + kLetGoMax;
  while (held_ > 0 && clock_.tick() < end) changed_.wait_until(mutex_, end);
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_client.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "common/net/cpprest_exchange.h"
#include "common/net/cpprest_session.h"
#include "common/sync/callback_gate.h"

namespace dualtrace {
namespace {

// Collects the answer, up to the limit.
class WholeAnswer final : public AnswerReader {
 public:
  WholeAnswer(size_t bytes_max, HttpClient::Done done)
      : bytes_max_(bytes_max), done_(std::move(done)) {}

  [[nodiscard]] bool hurries() const override { return true; }
  void head(HttpResponse response) override { response_ = std::move(response); }
  Appetite piece(std::string_view bytes) override {
    const size_t kept = std::min(bytes.size(), bytes_max_ - response_.body.size());
    response_.body.append(bytes.substr(0, kept));
    response_.cut = kept < bytes.size();
    return kept < bytes.size() ? Appetite::kEnough : Appetite::kMore;
  }
  void ended(Status status) override {
    if (status) return done_(std::move(response_));
    done_(fail(status.error()));
  }

 private:
  const size_t bytes_max_;
  const HttpClient::Done done_;
  HttpResponse response_;
};

// Passes the answer on as it arrives.
class PassedAnswer final : public AnswerReader {
 public:
  PassedAnswer(std::shared_ptr<CallbackGate> gate, HttpStreamReader reader)
      : gate_(std::move(gate)), reader_(std::move(reader)) {}

  [[nodiscard]] bool hurries() const override { return false; }
  void head(HttpResponse response) override {
    gate_->pass([&] { reader_.head(std::move(response)); });
  }
  Appetite piece(std::string_view bytes) override {
    gate_->pass([&] { reader_.piece(bytes); });
    return Appetite::kMore;
  }
  void ended(Status status) override {
    gate_->pass([&] { reader_.ended(std::move(status)); });
  }

 private:
  const std::shared_ptr<CallbackGate> gate_;
  const HttpStreamReader reader_;
};

class CppRestHttpStream final : public HttpStream {
 public:
  CppRestHttpStream(std::weak_ptr<Exchange> exchange, std::shared_ptr<CallbackGate> gate)
      : exchange_(std::move(exchange)), gate_(std::move(gate)) {}
  ~CppRestHttpStream() override {
    gate_->close();
    boost::asio::post(cpprest_pool(), [weak = exchange_] {
      const auto exchange = weak.lock();
      if (exchange != nullptr) exchange->cancel("no longer needed");
    });
  }
  CppRestHttpStream(const CppRestHttpStream&) = delete;
  CppRestHttpStream& operator=(const CppRestHttpStream&) = delete;

 private:
  const std::weak_ptr<Exchange> exchange_;
  const std::shared_ptr<CallbackGate> gate_;
};

class CppRestHttpClient final : public HttpClient {
 public:
  explicit CppRestHttpClient(Options options)
      : session_(std::make_shared<CppRestSession>(std::move(options))) {}

  ~CppRestHttpClient() override {
    // The pool's one thread runs this after the starts that begin() has posted.
    boost::asio::post(cpprest_pool(), [session = session_] { session->close(); });
    session_->wait_for_exchanges();
  }
  CppRestHttpClient(const CppRestHttpClient&) = delete;
  CppRestHttpClient& operator=(const CppRestHttpClient&) = delete;

  void send(HttpRequest request, Duration timeout, Done done) override {
    begin(std::move(request), timeout,
          std::make_unique<WholeAnswer>(session_->options().response_bytes_max, std::move(done)));
  }

  std::unique_ptr<HttpStream> open(HttpRequest request, Duration head_timeout,
                                   HttpStreamReader reader) override {
    auto gate = std::make_shared<CallbackGate>();
    std::weak_ptr<Exchange> exchange = begin(
        std::move(request), head_timeout, std::make_unique<PassedAnswer>(gate, std::move(reader)));
    return std::make_unique<CppRestHttpStream>(std::move(exchange), std::move(gate));
  }

  void renew(TlsClientOptions tls) override {
    boost::asio::post(cpprest_pool(), [session = session_, tls = std::move(tls)]() mutable {
      session->renew(std::move(tls));
    });
  }

 private:
  std::shared_ptr<Exchange> begin(HttpRequest request, Duration timeout,
                                  std::unique_ptr<AnswerReader> reader) {
    auto exchange =
        std::make_shared<Exchange>(session_, std::move(request), timeout, std::move(reader));
    boost::asio::post(cpprest_pool(), [exchange] { exchange->start(); });
    return exchange;
  }

  const std::shared_ptr<CppRestSession> session_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(HttpClient::Options options) {
  cpprest_pool();
  return std::make_unique<CppRestHttpClient>(std::move(options));
}

}  // namespace dualtrace

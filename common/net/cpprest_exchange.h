// SPDX-License-Identifier: Apache-2.0
#pragma once
// Exchange: one HTTP request from its start to the last callback of its AnswerReader. Private to
// common_http_client.
// Used from one thread, the pool's, but constructed on any.

#include <cpprest/http_client.h>

#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "common/net/cpprest_session.h"
#include "common/net/http_client.h"

namespace dualtrace {

// Receives an answer: head(), then piece() for the body as it arrives, then ended(). Called on the
// pool's thread; must not block.
class AnswerReader {
 public:
  // Whether more of the body is wanted.
  enum class Appetite { kMore, kEnough };

  virtual ~AnswerReader() = default;
  // Whether the body must also arrive within the exchange's timeout.
  [[nodiscard]] virtual bool hurries() const = 0;
  virtual void head(HttpResponse response) = 0;
  virtual Appetite piece(std::string_view bytes) = 0;
  // Called once, as the last call; also after an error before the head.
  virtual void ended(Status status) = 0;
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<CppRestSession> session, HttpRequest request, Duration timeout,
           std::unique_ptr<AnswerReader> reader);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void start();
  void cancel(const std::string& why);

 private:
  web::http::http_request to_rest();
  void headers_arrived(const pplx::task<web::http::http_response>& answered);
  void piece_arrived(std::string_view bytes);
  void body_arrived(const pplx::task<web::http::http_response>& ready);
  // The only place where foreign exceptions become an Error.
  void failed(std::exception_ptr cause);
  void finish(Status status);

  const std::shared_ptr<CppRestSession> session_;
  HttpRequest request_;
  const Duration timeout_;
  std::unique_ptr<AnswerReader> reader_;  // nullptr once it has ended
  boost::asio::steady_timer deadline_;
  pplx::cancellation_token_source canceller_;
  CppRestSession::RestClient rest_client_;
  bool head_read_ = false;
  std::string early_;  // parts of the body that arrived before the headers were handled
};

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Calls of an HttpSender that wait for the answer, for its tests.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/net/http_sender.h"
#include "common/net/http_server.h"

namespace dualtrace {

inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

inline std::unique_ptr<HttpServer> serve(HttpServer::Options options, HttpServer::Handler handler) {
  auto server = HttpServer::start(std::move(options), std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return *std::move(server);
}
inline void answer_ok(HttpServerRequest, HttpReplier replier) { replier.reply({.body = "fine"}); }

inline Url url(const std::string& scheme, const std::string& host, uint16_t port) {
  return Url{.scheme = scheme, .authority = {host, port}, .path = {}};
}
inline Url local(uint16_t port) { return url("http", "127.0.0.1", port); }

inline std::future<Result<HttpResponse>> start(HttpSender& sender, HttpRequest request = {},
                                               Duration timeout = std::chrono::seconds(20)) {
  auto answer = std::make_shared<std::promise<Result<HttpResponse>>>();
  auto future = answer->get_future();
  sender.send(std::move(request), timeout,
              [answer](Result<HttpResponse> result) { answer->set_value(std::move(result)); });
  return future;
}
inline Result<HttpResponse> call(HttpSender& sender, HttpRequest request = {},
                                 Duration timeout = std::chrono::seconds(20)) {
  return start(sender, std::move(request), timeout).get();
}
inline std::string cause(const Result<HttpResponse>& answer) {
  return answer ? "answered" : answer.error().message;
}

}  // namespace dualtrace

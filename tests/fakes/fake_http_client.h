// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeHttpClient: keeps requests until the test answers them. Used from one thread.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/net/http_client.h"

namespace dualtrace {

class FakeHttpClient final : public HttpClient {
 public:
  struct Sent {
    HttpRequest request;
    Duration timeout;
    Done done;

    [[nodiscard]] std::string header(std::string_view name) const {
      for (const auto& [key, value] : request.headers) {
        if (key == name) return value;
      }
      return {};
    }
  };

  struct Opened {
    HttpRequest request;
    Duration head_timeout;
    HttpStreamReader reader;
  };

  explicit FakeHttpClient(std::deque<Sent>& sent) : sent_(sent) {}
  ~FakeHttpClient() override {
    while (!sent_.empty()) {
      const Done done = std::move(sent_.front().done);
      sent_.pop_front();
      done(fail(ErrorKind::kCancelled, "shutting down"));
    }
  }
  void send(HttpRequest request, Duration timeout, Done done) override {
    sent_.push_back({std::move(request), timeout, std::move(done)});
  }
  std::unique_ptr<HttpStream> open(HttpRequest request, Duration head_timeout,
                                   HttpStreamReader reader) override {
    opened.push_back({std::move(request), head_timeout, std::move(reader)});
    return std::make_unique<HttpStream>();
  }
  void renew(TlsClientOptions tls) override { renewed.push_back(std::move(tls)); }

  std::deque<Opened> opened;
  std::vector<TlsClientOptions> renewed;

 private:
  std::deque<Sent>& sent_;
};

}  // namespace dualtrace

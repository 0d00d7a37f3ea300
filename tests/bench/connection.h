// SPDX-License-Identifier: Apache-2.0
#pragma once
// Connection: one client's connection to a receiver under load, over OTLP/gRPC (several concurrent
// requests) or OTLP/HTTP 1.1 (one). It connects when it has a request to send, and reconnects after
// it broke. Used from one thread, the io_context's; both outlive it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "tests/bench/client_stream.h"

namespace dualtrace::bench {

// A client's options after an answer (OTLP, "Failures"): it is done, it retries, or it gives up.
enum class Answer {
  kOk,
  kRefusedWithDelay,     // not now, with a retry delay
  kRefusedWithoutDelay,  // not now
  kFailed,               // another status, or none: the connection broke
};
using Answered = std::function<void(Answer)>;

class Connection {
 public:
  virtual ~Connection() = default;
  // Connects before the first send(), which reports a failure.
  virtual void connect() = 0;
  // Calls `answered` once, never from within send().
  virtual void send(std::string body, Answered answered) = 0;
};

struct Target {
  boost::asio::ip::tcp::endpoint endpoint;
  bool gzip = false;  // compress bodies, and set the header
  ClientTls tls{};
};

std::unique_ptr<Connection> make_grpc_connection(boost::asio::io_context& io, Target target);
std::unique_ptr<Connection> make_http_connection(boost::asio::io_context& io, Target target);

// 429, 502, 503 and 504 mean "not now", with or without Retry-After.
[[nodiscard]] Answer answer_of_http(unsigned status, bool has_retry_after);
// The value of grpc-status; `details` is grpc-status-details-bin, still in base64, or "".
[[nodiscard]] Answer answer_of_grpc(int status, const std::string& details);

}  // namespace dualtrace::bench

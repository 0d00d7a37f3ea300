// SPDX-License-Identifier: Apache-2.0
#pragma once
// Connection: one client's connection to a receiver under load, over OTLP/gRPC (several requests at
// a time) or OTLP/HTTP 1.1 (one). It connects when it has something to send, and again after it
// broke. Used from one thread, the io_context's; both outlive it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "tests/bench/client_stream.h"

namespace dualtrace::bench {

// What a client may do about an answer (OTLP, "Failures"): nothing more, try again, or give up.
enum class Answer {
  kOk,
  kRefusedWithDelay,     // not now; the server says when
  kRefusedWithoutDelay,  // not now
  kFailed,               // another status, or none: the connection broke
};
using Answered = std::function<void(Answer)>;

class Connection {
 public:
  virtual ~Connection() = default;
  // Ahead of the first send(); a failure shows there.
  virtual void connect() = 0;
  // `answered` is called once, never from within send().
  virtual void send(std::string body, Answered answered) = 0;
};

struct Target {
  boost::asio::ip::tcp::endpoint endpoint;
  bool gzip = false;  // bodies are compressed, and the header says so
  ClientTls tls{};
};

std::unique_ptr<Connection> make_grpc_connection(boost::asio::io_context& io, Target target);
std::unique_ptr<Connection> make_http_connection(boost::asio::io_context& io, Target target);

// 429, 502, 503 and 504 are "not now", with Retry-After or without.
[[nodiscard]] Answer answer_of_http(unsigned status, bool has_retry_after);
// The value of grpc-status; `details` is grpc-status-details-bin, still in base64, or "".
[[nodiscard]] Answer answer_of_grpc(int status, const std::string& details);

}  // namespace dualtrace::bench

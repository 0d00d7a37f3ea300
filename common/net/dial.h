// SPDX-License-Identifier: Apache-2.0
#pragma once
// Dial: opens a TCP connection to the first of several addresses that accepts. They are tried in
// order; each gets a short head start before the next is tried in parallel (RFC 8305), so that an
// address that drops packets costs a quarter of a second and not a timeout. Private to
// common_http_client.
// Used from one thread, the io_context's.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>

#include "common/error/result.h"
#include "common/net/lookup.h"

namespace dualtrace {

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  // kUnavailable with the reason of the last address if none accepts.
  using Done = std::function<void(Result<boost::asio::ip::tcp::socket>)>;

  Dial(boost::asio::io_context& io, Addresses addresses);
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

  // `done` is called once, never from within start(), unless close() comes first.
  void start(Done done);
  void close();

 private:
  using Sockets = std::list<boost::asio::ip::tcp::socket>;
  void try_next();
  void tried(Sockets::iterator socket, const boost::system::error_code& error);

  boost::asio::io_context& io_;
  const Addresses addresses_;
  size_t next_ = 0;
  Sockets connecting_;
  boost::asio::steady_timer head_start_;
  Done done_;  // none: already called, or closed
};

}  // namespace dualtrace

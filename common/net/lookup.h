// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lookup: the addresses of one host, found on a thread of its own, as the system's resolver blocks
// for as long as it likes and cannot be interrupted. One lookup at a time; who asks meanwhile waits
// for it. Private to common_http_client.
//
// The thread is the one in the tree that is not joined: it is abandoned with the Lookup, holds
// nothing but its own state, and ends when the resolver does (docs/decisions/0023).
// Used from one thread, the io_context's.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "common/error/result.h"
#include "common/net/url.h"

namespace dualtrace {

using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;
// Blocks. At least one address, or kUnavailable.
using Resolve = std::function<Result<Addresses>(const HostPort&)>;
[[nodiscard]] Result<Addresses> resolve_by_system(const HostPort& host);

class Lookup {
 public:
  using Found = std::function<void(const Result<Addresses>&)>;

  Lookup(boost::asio::io_context& io, HostPort host, Resolve resolve);
  // Calls nobody back any more.
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // `found` runs on the io_context, never from within. An address as host is found at once.
  void find(Found found);

 private:
  struct Asker;
  void start();
  void answer(const Result<Addresses>& addresses);

  boost::asio::io_context& io_;
  const HostPort host_;
  const Resolve resolve_;
  std::vector<Found> waiting_;
  std::shared_ptr<Asker> asker_;  // while a lookup runs
};

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lookup: resolves one host on its own thread, since the system's resolver can block for any time
// and cannot be interrupted. One lookup at a time; callers that arrive meanwhile wait for it.
// Private to common_http_client.
//
// This thread is the only one in the tree that is not joined. It is abandoned with the Lookup,
// holds only its own state, and ends when the resolver returns (docs/decisions/0023).
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
// Blocks. Returns at least one address, or kUnavailable.
using Resolve = std::function<Result<Addresses>(const HostPort&)>;
[[nodiscard]] Result<Addresses> resolve_by_system(const HostPort& host);

class Lookup {
 public:
  using Found = std::function<void(const Result<Addresses>&)>;

  Lookup(boost::asio::io_context& io, HostPort host, Resolve resolve);
  // No callback is called afterwards.
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // `found` runs on the io_context, never from within find(). A host that is an address needs no
  // lookup.
  void find(Found found);

 private:
  struct Asker;
  void start();
  void answer(const Result<Addresses>& addresses);

  boost::asio::io_context& io_;
  const HostPort host_;
  const Resolve resolve_;
  std::vector<Found> waiting_;
  std::shared_ptr<Asker> asker_;  // set while a lookup runs
};

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// PooledHttpSender: the HttpSender of the data path, with its own thread, io_context, connection
// pool and Lookup. Private to common_http_client; see make_http_sender().
//
// Flow: a request waits for a connection. An idle one that is quiet takes the request that has
//   waited longest; otherwise a new one is opened. A connection that opens too late for its request
//   serves the next.
// Guarantees: no request is sent twice; none is sent on a connection that has received unsolicited
//   data; an answer goes to the request that was alone on its connection.
// Limits: connections_max; further requests wait.
// Errors: see HttpSender.
// Thread-safe.

#include <memory>

#include "common/net/http_sender.h"
#include "common/net/lookup.h"

namespace dualtrace {

// With a custom name resolution, for tests.
std::unique_ptr<HttpSender> make_pooled_http_sender(HttpSenderOptions options, Resolve resolve);

}  // namespace dualtrace

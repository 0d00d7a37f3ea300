// SPDX-License-Identifier: Apache-2.0
#pragma once
// PooledHttpSender: the HttpSender of the data path. One thread with an io_context, a pool of
// connections and one Lookup, all its own. Private to common_http_client; see make_http_sender().
//
// Flow: a request waits for a connection; an idle one that is quiet takes the request that waited
// longest, else a new one is made for it. A connection that comes too late for its request serves
// the next.
// Guarantees: no request goes out twice; none goes out on a connection from which something came
// unasked; an answer is given to the request that was alone on its connection.
// Limits: connections_max; a request beyond them waits.
// Errors: see HttpSender.
// Thread-safe.

#include <memory>

#include "common/net/http_sender.h"
#include "common/net/lookup.h"

namespace dualtrace {

// With another way from names to addresses, for tests.
std::unique_ptr<HttpSender> make_pooled_http_sender(HttpSenderOptions options, Resolve resolve);

}  // namespace dualtrace

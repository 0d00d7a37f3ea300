// SPDX-License-Identifier: Apache-2.0
#pragma once
// Load: sends numbered spans to a receiver and counts every answer. In an open loop (a rate),
// request k is due at begin + k × interval regardless of earlier ones, and its latency counts from
// then: a receiver that stalls cannot hide it by stalling its clients (no coordinated omission). In
// a closed loop (no rate), each connection always has all its requests in flight. Used from one
// thread; run() blocks.

#include <cstdint>
#include <functional>
#include <string>

#include "tests/bench/client_stream.h"
#include "tests/bench/latencies.h"
#include "tests/bench/span_ids.h"

namespace dualtrace::bench {

enum class Protocol { kGrpc, kHttp };
[[nodiscard]] inline std::string_view alpn_of(Protocol protocol) {
  return protocol == Protocol::kGrpc ? "h2" : "http/1.1";
}

struct LoadOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  Protocol protocol = Protocol::kGrpc;
  uint32_t connections = 16;
  uint32_t in_flight = 1;  // concurrent requests on each connection
  uint32_t spans_per_request = 100;
  uint32_t span_bytes = 600;
  double seconds = 5;
  uint64_t rate = 0;  // total spans per second; 0: a closed loop
  bool gzip = false;
  ClientTls tls{};          // with the ALPN name of `protocol`
  uint64_t first_span = 0;  // number of the first span
  uint64_t seed = 1;
  // Called once all connections are open, before the first request.
  std::function<void()> connected = [] {};
};

struct LoadResult {
  double seconds = 0;        // from the first request to the last answer
  uint64_t requests_ok = 0;  // this and the next four add up to all requests that were due
  uint64_t requests_refused_with_delay = 0;
  uint64_t requests_refused_without_delay = 0;
  uint64_t requests_failed = 0;
  uint64_t requests_unsent = 0;  // due, but all connections were busy until the end
  uint64_t plain_bytes = 0;
  uint64_t sent_bytes = 0;  // of bodies, after compression
  Latencies latencies;      // unsent requests count with the time that they waited
  SpanSet ok{UINT64_MAX};   // numbers relative to first_span
};

// `host` is an IP address.
LoadResult run_load(const LoadOptions& options);

}  // namespace dualtrace::bench

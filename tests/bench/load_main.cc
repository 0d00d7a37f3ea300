// SPDX-License-Identifier: Apache-2.0
// dualtrace-load: sends numbered spans at a rate or as fast as possible, over OTLP/gRPC or
// OTLP/HTTP, for `./dev bench`. Prints one JSON object: answers by kind, latencies, its own CPU
// time.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/bench/load.h"

namespace dualtrace::bench {
namespace {

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Separates the receiver's cost of connections from that of requests.
void wait_for_a_line() {
  std::puts("connected");
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
}

nlohmann::json to_json(const LoadOptions& options, const LoadResult& result) {
  const uint64_t requests = result.requests_ok + result.requests_refused_with_delay +
                            result.requests_refused_without_delay + result.requests_failed;
  const double spans_accepted = static_cast<double>(result.ok.size());
  return {{"seconds", result.seconds},
          {"schedule_seconds", options.seconds},
          {"spans_due", (requests + result.requests_unsent) * options.spans_per_request},
          {"spans_sent", requests * options.spans_per_request},
          {"spans_accepted", result.ok.size()},
          {"spans_per_second", result.seconds > 0 ? spans_accepted / result.seconds : 0},
          {"requests_ok", result.requests_ok},
          {"requests_refused_with_delay", result.requests_refused_with_delay},
          {"requests_refused_without_delay", result.requests_refused_without_delay},
          {"requests_failed", result.requests_failed},
          {"requests_unsent", result.requests_unsent},
          {"plain_bytes", result.plain_bytes},
          {"sent_bytes", result.sent_bytes},
          {"p50_ms", milliseconds(result.latencies.percentile(0.5))},
          {"p99_ms", milliseconds(result.latencies.percentile(0.99))},
          {"max_ms", milliseconds(result.latencies.max())},
          {"cpu_seconds", cpu_seconds()}};
}

int run(int argc, char** argv) {
  LoadOptions options;
  std::string ok_file;
  TlsClientOptions tls;
  CLI::App app{"OTLP requests with numbered spans, at a rate or as fast as they are taken"};
  app.add_option("--host", options.host, "IP address of the receiver")->check(CLI::ValidIPV4);
  app.add_option("--port", options.port, "Port of the receiver")->required();
  app.add_option("--protocol", options.protocol, "grpc or http")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Protocol>{{"grpc", Protocol::kGrpc}, {"http", Protocol::kHttp}}));
  app.add_option("--connections", options.connections, "Connections")->check(CLI::Range(1, 10000));
  app.add_option("--in-flight", options.in_flight, "Requests under way on each connection")
      ->check(CLI::Range(1, 100));
  app.add_option("--spans", options.spans_per_request, "Spans a request")
      ->check(CLI::Range(1, 100000));
  app.add_option("--span-bytes", options.span_bytes, "Bytes a span, about");
  app.add_option("--seconds", options.seconds, "How long requests are sent");
  app.add_option("--rate", options.rate, "Spans a second in all; 0: a closed loop");
  app.add_flag("--gzip", options.gzip, "Compress requests");
  auto* ca =
      app.add_option("--ca", tls.ca_file, "Speak TLS with a receiver that this CA vouches for");
  auto* key = app.add_option("--key", tls.key_file, "Key of the client's certificate");
  app.add_option("--certificate", tls.certificate_file, "Of the client, to be shown")
      ->needs(ca)
      ->needs(key);
  app.add_option("--first-span", options.first_span, "Number of the first span");
  app.add_option("--seed", options.seed, "Of the spans' contents");
  app.add_flag_callback(
      "--wait", [&options] { options.connected = wait_for_a_line; },
      "Connect, say so, and send only when there is a line of input");
  app.add_option("--ok-file", ok_file, "Where to write which spans were answered OK, a bit each");
  CLI11_PARSE(app, argc, argv);
  if (options.protocol == Protocol::kHttp && options.in_flight > 1) {
    std::fputs("HTTP/1.1 has one request under way on a connection\n", stderr);
    return 2;
  }
  if (!tls.ca_file.empty()) {
    auto made = make_client_tls(tls, alpn_of(options.protocol));
    if (!made) {
      std::fprintf(stderr, "%s\n", made.error().message.c_str());
      return 1;
    }
    options.tls = *std::move(made);
  }
  const LoadResult result = run_load(options);
  if (!ok_file.empty()) {
    std::ofstream file(ok_file, std::ios::binary);
    file << result.ok.bytes();
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s\n", ok_file.c_str());
      return 1;
    }
  }
  std::puts(to_json(options, result).dump().c_str());
  return 0;
}

}  // namespace
}  // namespace dualtrace::bench

int main(int argc, char** argv) { return dualtrace::bench::run(argc, argv); }

// dualtrace-sink: both destinations as cheaply as can be, for `./dev bench`: takes OTLP/HTTP on any
// path, counts spans by the wire walk, answers 200 and keeps nothing. GET / tells the counts.

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "agent/otlp/walk.h"
#include "common/compress/gzip.h"
#include "common/net/http_server.h"

namespace dualtrace {
namespace {

constexpr size_t kRequestBytesMax = 64 * 1024 * 1024;

std::atomic<uint64_t> arize_spans{0};
std::atomic<uint64_t> databricks_spans{0};

HttpServerResponse answer(const HttpServerRequest& request) {
  if (request.method == "GET") {
    const nlohmann::json counts = {{"arize", arize_spans.load()},
                                   {"databricks", databricks_spans.load()}};
    return {.content_type = "application/json", .body = counts.dump()};
  }
  std::string inflated;
  std::string_view body = request.body;
  if (request.header("content-encoding") == "gzip") {
    Result<std::string> plain = gunzip(request.body, kRequestBytesMax);
    if (!plain) return {.status = 400, .body = plain.error().message};
    inflated = *std::move(plain);
    body = inflated;
  }
  const Result<agent::WalkSummary> walked = agent::walk(body);
  if (!walked) return {.status = 400, .body = walked.error().message};
  (request.path == "/v1/traces" ? arize_spans : databricks_spans) += walked->spans;
  return {.content_type = "application/x-protobuf"};
}

}  // namespace
}  // namespace dualtrace

int main(int argc, char** argv) {
  uint16_t port = 0;
  CLI::App app{"A counting sink for OTLP/HTTP"};
  app.add_option("--port", port, "Port on 127.0.0.1; 0: any, printed on stdout");
  CLI11_PARSE(app, argc, argv);
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  auto server = dualtrace::HttpServer::start(
      {.listen = {"127.0.0.1", port}, .body_bytes_max = dualtrace::kRequestBytesMax},
      [](dualtrace::HttpServerRequest request, dualtrace::HttpReplier replier) {
        replier.reply(dualtrace::answer(request));
      });
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message.c_str());
    return 1;
  }
  std::printf("%u\n", (*server)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&stop_signals, &signal);
  return 0;
}

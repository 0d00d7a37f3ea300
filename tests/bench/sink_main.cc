// SPDX-License-Identifier: Apache-2.0
// dualtrace-sink: both destinations at minimal cost, for `./dev bench`. It accepts OTLP/gRPC and
// OTLP/HTTP, plain and gzip, counts spans by their numbers and keeps nothing else. /v1/traces and
// everything on the gRPC ports is `arize`; any other path that ends in it is `databricks`.
// With a certificate, it also accepts TLS on two more ports, which may listen beyond loopback.
// On the HTTP port: GET /counts, GET /seen/<destination> (a bitmap), POST /forget, POST
// /behave/<destination>/{answer,hang,delay?<milliseconds>}. Prints its ports as JSON.

#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <map>

#include "agent/receive/receiver.h"
#include "common/net/http_server.h"
#include "common/time/thread_scheduler.h"
#include "tests/bench/sink_destination.h"

namespace dualtrace::bench {
namespace {

using agent::IntakeAnswer;
using agent::IntakeRequest;

constexpr size_t kBodyBytesMax = 512 * 1024 * 1024;
constexpr size_t kConnectionsMax = 2000;
constexpr auto kLoopback = "127.0.0.1";

// The requests to answer when a hanging destination recovers: clients that still wait then get the
// same as from a restarted server.
class Unanswered {
 public:
  void keep(std::function<void()> give_up) {
    const Lock lock(mutex_);
    give_ups_.push_back(std::move(give_up));
  }
  void give_up() {
    std::vector<std::function<void()>> taken;
    {
      const Lock lock(mutex_);
      taken = std::exchange(give_ups_, {});
    }
    for (const auto& give_up : taken) give_up();
  }

 private:
  Mutex mutex_;
  std::vector<std::function<void()>> give_ups_ DT_GUARDED_BY(mutex_);
};

struct Side {
  explicit Side(uint64_t spans_max) : destination(spans_max) {}
  SinkDestination destination;
  Unanswered unanswered;
};

class Sink final : public agent::Intake {
 public:
  explicit Sink(uint64_t spans_max) : arize_(spans_max), databricks_(spans_max) {}

  // Requests on the gRPC ports.
  void accept(IntakeRequest request, IntakeAnswer answer) override;
  Result<agent::Ticket> admit(size_t bytes,
                              std::shared_ptr<dualtrace::agent::PeerShare> /*peer*/) override {
    return admission_.admit(bytes);
  }
  [[nodiscard]] size_t request_bytes_max() const override { return kBodyBytesMax; }

  // Requests on the HTTP ports.
  void serve(const HttpServerRequest& request, HttpReplier replier);

 private:
  // Calls `answer` now, later or not at all, depending on the mode; `give_up` if it hung.
  void receive(Side& side, std::string_view body, bool gzip, std::function<void(Status)> answer,
               std::function<void()> give_up);
  HttpServerResponse command(const HttpServerRequest& request);
  HttpServerResponse behave(Side& side, std::string_view how, std::string_view milliseconds);
  Side* side_of(std::string_view name);

  SystemClock clock_;
  agent::Admission admission_{size_t{16} << 30};  // does not test the receiver's limits
  Side arize_;
  Side databricks_;
  ThreadScheduler later_{"later", clock_};
};

void Sink::accept(IntakeRequest request, IntakeAnswer answer) {
  receive(arize_, request.body, request.encoding == agent::BodyEncoding::kGzip, answer,
          [answer] { answer(fail(ErrorKind::kCancelled, "the sink had been told to hang")); });
}

void Sink::receive(Side& side, std::string_view body, bool gzip, std::function<void(Status)> answer,
                   std::function<void()> give_up) {
  const Behaviour behaviour = side.destination.behaviour();
  if (behaviour == Behaviour::kHang) return side.unanswered.keep(std::move(give_up));
  const Status taken = side.destination.take(body, gzip, clock_.wall());
  if (behaviour == Behaviour::kAnswer) return answer(taken);
  later_.run_after(side.destination.delay(),
                   [answer = std::move(answer), taken] { answer(taken); });
}

void Sink::serve(const HttpServerRequest& request, HttpReplier replier) {
  if (!request.path.ends_with("/v1/traces")) return replier.reply(command(request));
  Side& side = request.path == "/v1/traces" ? arize_ : databricks_;
  const auto kept = std::make_shared<HttpReplier>(std::move(replier));
  receive(
      side, request.body, request.header("content-encoding") == "gzip",
      [kept](const Status& taken) {
        if (!taken) return kept->reply({.status = 400, .body = taken.error().message});
        kept->reply({.content_type = "application/x-protobuf"});
      },
      [kept] {});  // the connection closes when it is destroyed unanswered
}

HttpServerResponse Sink::command(const HttpServerRequest& request) {
  const std::string_view path = request.path;
  if (path == "/counts") {
    const nlohmann::json counts = {{"arize", arize_.destination.counts()},
                                   {"databricks", databricks_.destination.counts()}};
    return {.content_type = "application/json", .body = counts.dump()};
  }
  if (path == "/forget") {
    arize_.destination.forget();
    databricks_.destination.forget();
    return {};
  }
  const size_t begin = path.find('/', 1);
  if (begin == std::string_view::npos) return {.status = 404};
  const std::string_view verb = path.substr(1, begin - 1);
  const std::string_view rest = path.substr(begin + 1);
  Side* side = side_of(rest.substr(0, rest.find('/')));
  if (side == nullptr) return {.status = 404};
  if (verb == "seen") {
    return {.content_type = "application/octet-stream", .body = side->destination.seen()};
  }
  if (verb != "behave") return {.status = 404};
  return behave(*side, rest.substr(rest.find('/') + 1), request.query);
}

HttpServerResponse Sink::behave(Side& side, std::string_view how, std::string_view milliseconds) {
  if (how == "answer") {
    side.destination.behave(Behaviour::kAnswer, Duration(0));
    side.unanswered.give_up();
  } else if (how == "hang") {
    side.destination.behave(Behaviour::kHang, Duration(0));
  } else if (how == "delay") {
    int64_t count = 0;
    std::from_chars(milliseconds.data(), milliseconds.data() + milliseconds.size(), count);
    side.destination.behave(Behaviour::kDelay, std::chrono::milliseconds(count));
  } else {
    return {.status = 404};
  }
  return {};
}

Side* Sink::side_of(std::string_view name) {
  if (name == "arize") return &arize_;
  if (name == "databricks") return &databricks_;
  return nullptr;
}

// The addresses of one sink.
struct Doors {
  MetricRegistry metrics;
  std::unique_ptr<agent::Receiver> grpc;
  std::unique_ptr<HttpServer> http;

  Status open(Sink& sink, const std::string& host, const std::optional<TlsServerOptions>& tls);
};

Status Doors::open(Sink& sink, const std::string& host,
                   const std::optional<TlsServerOptions>& tls) {
  ReceiverConfig config;
  config.listen = {{host, 0}};
  config.tls = tls;
  config.limits.request_bytes = kBodyBytesMax;
  auto receiver = agent::Receiver::start(config, sink, metrics);
  if (!receiver) return fail(receiver.error());
  grpc = *std::move(receiver);
  auto server = HttpServer::start({.listen = {host, 0},
                                   .tls = tls,
                                   .body_bytes_max = kBodyBytesMax,
                                   .connections_max = kConnectionsMax},
                                  [&sink](const HttpServerRequest& request, HttpReplier replier) {
                                    sink.serve(request, std::move(replier));
                                  });
  if (!server) return fail(server.error());
  http = *std::move(server);
  return {};
}

Status run(uint64_t spans_max, const TlsServerOptions& files, const std::string& tls_host) {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  Sink sink(spans_max);
  Doors plain;
  Doors secure;
  if (Status opened = plain.open(sink, kLoopback, std::nullopt); !opened) return opened;
  nlohmann::json ports = {{"grpc", plain.grpc->ports().front()}, {"http", plain.http->port()}};
  if (!files.certificate_file.empty()) {
    if (Status opened = secure.open(sink, tls_host, files); !opened) return opened;
    ports["grpc_tls"] = secure.grpc->ports().front();
    ports["http_tls"] = secure.http->port();
  }
  std::puts(ports.dump().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&stop_signals, &signal);
  return {};
}

}  // namespace
}  // namespace dualtrace::bench

int main(int argc, char** argv) {
  uint64_t spans_max = 400'000'000;
  dualtrace::TlsServerOptions files;
  std::string tls_host = dualtrace::bench::kLoopback;
  CLI::App app{"A counting sink for OTLP/gRPC and OTLP/HTTP"};
  app.add_option("--spans-max", spans_max, "Highest span number told apart, a bit each");
  auto* key = app.add_option("--key", files.key_file, "Key of the certificate");
  app.add_option("--certificate", files.certificate_file, "To be shown on the ports with TLS")
      ->needs(key);
  app.add_option("--tls-host", tls_host, "Address that the ports with TLS listen on");
  CLI11_PARSE(app, argc, argv);
  const dualtrace::Status ended = dualtrace::bench::run(spans_max, files, tls_host);
  if (ended) return 0;
  std::fprintf(stderr, "%s\n", ended.error().message.c_str());
  return 1;
}

// dualtrace-load: a closed loop of OTLP/gRPC requests against one receiver, for `./dev bench`.
// Prints one JSON object: spans accepted, requests refused, latencies. It paces itself with --rate.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/random/random.h"
#include "common/sync/mutex.h"
#include "common/time/thread_scheduler.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace {
namespace {

struct LoadOptions {
  std::string target;
  uint32_t connections = 16;
  uint32_t spans_per_request = 100;
  uint32_t span_bytes = 600;
  uint32_t seconds = 5;
  uint64_t rate = 0;
  bool gzip = false;
};

constexpr size_t kTemplates = 32;  // different bodies, so that gzip does not see one text for ever

std::string random_words(Random& random, size_t bytes) {
  static constexpr std::string_view kWords[] = {"agent", "retrieve", "document", "answer", "token",
                                                "model", "tool",     "search",   "plan",   "user"};
  std::string text;
  while (text.size() < bytes) {
    text += kWords[random.below(std::size(kWords))];
    text += std::to_string(random.below(1000));
    text += ' ';
  }
  text.resize(bytes);
  return text;
}

std::string make_request(const LoadOptions& options, Random& random) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest request;
  auto* resource_spans = request.add_resource_spans();
  auto* service = resource_spans->mutable_resource()->add_attributes();
  service->set_key("service.name");
  service->mutable_value()->set_string_value("load");
  auto* scope_spans = resource_spans->add_scope_spans();
  scope_spans->mutable_scope()->set_name("dualtrace-load");
  constexpr size_t kFixedBytes = 110;  // ids, times, name, keys and framing
  const size_t text_bytes = options.span_bytes > kFixedBytes ? options.span_bytes - kFixedBytes : 1;
  for (uint32_t i = 0; i < options.spans_per_request; ++i) {
    auto* span = scope_spans->add_spans();
    std::string id(24, '\0');
    for (char& byte : id) byte = static_cast<char>(random.next());
    span->set_trace_id(id.substr(0, 16));
    span->set_span_id(id.substr(16));
    span->set_name("ChatModel.invoke");
    span->set_start_time_unix_nano(1'700'000'000'000'000'000 + random.below(1'000'000'000));
    span->set_end_time_unix_nano(1'700'000'001'000'000'000 + random.below(1'000'000'000));
    auto* kind = span->add_attributes();
    kind->set_key("openinference.span.kind");
    kind->mutable_value()->set_string_value("LLM");
    auto* input = span->add_attributes();
    input->set_key("input.value");
    input->mutable_value()->set_string_value(random_words(random, text_bytes));
  }
  return request.SerializeAsString();
}

// One connection with one request on the way at any time. Thread-safe: each callback starts the
// next.
class Connection {
 public:
  Connection(const LoadOptions& options, const std::vector<grpc::ByteBuffer>& bodies,
             Scheduler& pace, uint32_t number, Tick end)
      : options_(options), bodies_(bodies), pace_(pace), end_(end), next_(number) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("connection.number", static_cast<int>(number));  // a socket of its own
    if (options.gzip) arguments.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
    channel_ =
        grpc::CreateCustomChannel(options.target, grpc::InsecureChannelCredentials(), arguments);
    stub_ = std::make_unique<grpc::GenericStub>(channel_);
  }

  void start() {
    context_ = std::make_unique<grpc::ClientContext>();
    body_ = bodies_[next_++ % bodies_.size()];
    begun_ = pace_.clock().tick();
    stub_->UnaryCall(context_.get(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                     {}, &body_, &response_, [this](const grpc::Status& status) { ended(status); });
  }
  void wait() {
    Lock lock(mutex_);
    while (!done_) changed_.wait(mutex_);
  }

  uint64_t accepted = 0;  // requests; read after wait()
  uint64_t refused = 0;
  std::vector<double> latencies_ms;

 private:
  void ended(const grpc::Status& status) {
    (status.ok() ? accepted : refused) += 1;
    const Tick now = pace_.clock().tick();
    latencies_ms.push_back(std::chrono::duration<double, std::milli>(now - begun_).count());
    if (now >= end_) {
      Lock lock(mutex_);
      done_ = true;
      changed_.notify_one();
      return;
    }
    if (options_.rate == 0) return start();
    // Each connection keeps its share of the rate, by the clock and not by the answers.
    const double requests_per_second =
        static_cast<double>(options_.rate) / options_.spans_per_request / options_.connections;
    due_ = std::max(due_, begun_) + std::chrono::duration_cast<Duration>(
                                        std::chrono::duration<double>(1 / requests_per_second));
    pace_.run_at(due_, [this] { start(); });
  }

  const LoadOptions& options_;
  const std::vector<grpc::ByteBuffer>& bodies_;
  Scheduler& pace_;
  const Tick end_;
  size_t next_;
  Tick begun_{};
  Tick due_{};
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::GenericStub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  grpc::ByteBuffer body_;
  grpc::ByteBuffer response_;

  Mutex mutex_;
  CondVar changed_;
  bool done_ DT_GUARDED_BY(mutex_) = false;
};

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void run(const LoadOptions& options) {
  Random random(1);
  SystemClock clock;
  ThreadScheduler pace("pace", clock);
  std::vector<grpc::ByteBuffer> bodies;
  for (size_t i = 0; i < kTemplates; ++i) {
    grpc::Slice slice(make_request(options, random));
    bodies.emplace_back(&slice, 1);
  }
  const Tick begin = clock.tick();
  std::vector<std::unique_ptr<Connection>> connections;
  for (uint32_t i = 0; i < options.connections; ++i) {
    connections.push_back(std::make_unique<Connection>(
        options, bodies, pace, i, begin + std::chrono::seconds(options.seconds)));
  }
  for (const auto& connection : connections) connection->start();
  uint64_t accepted = 0;
  uint64_t refused = 0;
  std::vector<double> latencies;
  for (const auto& connection : connections) {
    connection->wait();
    accepted += connection->accepted;
    refused += connection->refused;
    latencies.insert(latencies.end(), connection->latencies_ms.begin(),
                     connection->latencies_ms.end());
  }
  const double took = std::chrono::duration<double>(clock.tick() - begin).count();
  std::sort(latencies.begin(), latencies.end());
  const nlohmann::json result = {
      {"seconds", took},
      {"spans_accepted", accepted * options.spans_per_request},
      {"requests_refused", refused},
      {"spans_per_second", static_cast<double>(accepted * options.spans_per_request) / took},
      {"p50_ms", percentile(latencies, 0.5)},
      {"p99_ms", percentile(latencies, 0.99)}};
  std::puts(result.dump().c_str());
}

}  // namespace
}  // namespace dualtrace

int main(int argc, char** argv) {
  dualtrace::LoadOptions options;
  CLI::App app{"A closed loop of OTLP/gRPC requests"};
  app.add_option("--target", options.target, "host:port of the receiver")->required();
  app.add_option("--connections", options.connections, "Connections, one request at a time each");
  app.add_option("--spans", options.spans_per_request, "Spans a request");
  app.add_option("--span-bytes", options.span_bytes, "Bytes a span, about");
  app.add_option("--seconds", options.seconds, "How long");
  app.add_option("--rate", options.rate, "Spans a second in all; 0: as fast as answers come");
  app.add_flag("--gzip", options.gzip, "Compress requests");
  CLI11_PARSE(app, argc, argv);
  dualtrace::run(options);
  return 0;
}

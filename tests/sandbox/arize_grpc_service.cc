// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/arize_grpc_service.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/sandbox/http_responder.h"
#include "tests/sandbox/peer_connection.h"

namespace dualtrace::sandbox {
namespace {

constexpr std::string_view kExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
// Reception enforces the destination's own limit, so that rejections are counted.
constexpr int kMessageBytesMax = 256 * 1024 * 1024;

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

std::string details_of(const Answer& answer) {
  if (!answer.retry_info_seconds) return {};
  google::rpc::RetryInfo info;
  const auto nanos = static_cast<int64_t>(*answer.retry_info_seconds * 1e9);
  info.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  google::rpc::Status status;
  status.set_code(answer.grpc_code);
  status.set_message(answer.message);
  status.add_details()->PackFrom(info);
  return status.SerializeAsString();
}

class Call;

// The first to set `finished` ends the call, and may use it until then.
struct CallEnd {
  std::atomic<bool> finished = false;
  Call* call = nullptr;
};

class GrpcResponder final : public Responder {
 public:
  explicit GrpcResponder(std::shared_ptr<CallEnd> end) : end_(std::move(end)) {}
  ~GrpcResponder() override;
  void answer(const Answer& answer) override;

 private:
  const std::shared_ptr<CallEnd> end_;
};

// Deletes itself once gRPC is done with it.
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call(grpc::GenericCallbackServerContext& context, Reception& reception, uint16_t port)
      : context_(context), reception_(reception), port_(port) {
    end_->call = this;
    if (context.method() != kExport) {
      finish({grpc::StatusCode::UNIMPLEMENTED, "unknown service or method"});
    } else {
      StartRead(&request_);
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) return finish({grpc::StatusCode::INTERNAL, "no message was sent"});
    Arrival arrival{.destination = Destination::kArize,
                    .protocol = Protocol::kGrpc,
                    .body = bytes_of(request_)};
    request_.Clear();
    for (const auto& [name, value] : context_.client_metadata())
      arrival.headers.emplace_back(std::string(name.data(), name.size()),
                                   std::string(value.data(), value.size()));
    reception_.receive(std::move(arrival), std::make_shared<GrpcResponder>(end_));
  }

  void OnCancel() override { finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

  // Only the one that set `finished` may call these two.
  void answer(const Answer& answer) {
    if (answer.grpc_code != kGrpcOk) {
      Finish({static_cast<grpc::StatusCode>(answer.grpc_code), answer.message, details_of(answer)});
      return;
    }
    const grpc::Slice slice(success_body(answer));
    response_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&response_, {}, grpc::Status::OK);
  }
  void cut() {
    cut_connection(context_.peer(), port_);
    Finish(grpc::Status::CANCELLED);
  }

 private:
  void finish(const grpc::Status& status) {
    if (!end_->finished.exchange(true)) Finish(status);
  }

  grpc::GenericCallbackServerContext& context_;
  Reception& reception_;
  const uint16_t port_;
  const std::shared_ptr<CallEnd> end_ = std::make_shared<CallEnd>();
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

GrpcResponder::~GrpcResponder() {
  if (!end_->finished.exchange(true)) end_->call->cut();
}

void GrpcResponder::answer(const Answer& answer) {
  if (!end_->finished.exchange(true)) end_->call->answer(answer);
}

class ExportService final : public grpc::CallbackGenericService {
 public:
  explicit ExportService(Reception& reception) : reception_(reception) {}
  void set_port(uint16_t port) { port_ = port; }

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Call(*context, reception_, port_);
  }

 private:
  Reception& reception_;
  std::atomic<uint16_t> port_ = 0;
};

std::string file_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::shared_ptr<grpc::ServerCredentials> credentials_of(
    const std::optional<TlsServerOptions>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back(
      {file_text(tls->key_file), file_text(tls->certificate_file)});
  return grpc::SslServerCredentials(options);
}

class CallbackArizeGrpcServer final : public ArizeGrpcServer {
 public:
  explicit CallbackArizeGrpcServer(Reception& reception) : service_(reception) {}
  ~CallbackArizeGrpcServer() override {
    if (server_) server_->Shutdown(std::chrono::system_clock::time_point());
  }

  Status start(const HostPort& listen, const std::optional<TlsServerOptions>& tls) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMessageBytesMax);
    builder.AddListeningPort(listen.to_string(), credentials_of(tls), &port);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_ || port == 0)
      return fail(ErrorKind::kUnavailable, "gRPC server: cannot listen on " + listen.to_string());
    service_.set_port(static_cast<uint16_t>(port));
    port_ = static_cast<uint16_t>(port);
    return {};
  }

  [[nodiscard]] uint16_t port() const override { return port_; }

 private:
  ExportService service_;
  uint16_t port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

Result<std::unique_ptr<ArizeGrpcServer>> ArizeGrpcServer::start(
    const HostPort& listen, const std::optional<TlsServerOptions>& tls, Reception& reception) {
  auto server = std::make_unique<CallbackArizeGrpcServer>(reception);
  if (auto started = server->start(listen, tls); !started) return fail(started.error());
  return std::unique_ptr<ArizeGrpcServer>(std::move(server));
}

}  // namespace dualtrace::sandbox

#include "agent/send/arize_grpc_exporter.h"

#include <grpc/byte_buffer.h>
#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <type_traits>

#include "agent/send/classify.h"
#include "common/net/authorities.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {
namespace {

constexpr char kMethod[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
// Of a message. An odd number, as gRPC says "larger than max (… vs. 4194321)" in the same words
// whoever's limit it was, and a C++ server's own is often 4 MiB.
constexpr int kResponseBytesMax = 4 * 1024 * 1024 + 17;
constexpr int kReconnectMaxMs = 3000;  // so that the lane is soon back after an outage
constexpr int kReconnectFirstMs = 300;
// How long one attempt to connect may take; gRPC calls it the least back-off.
constexpr int kConnectMaxMs = 20'000;
// Between two lookups of the name; gRPC's own half a minute is how long it would not notice a move.
constexpr int kLookupIntervalMs = 500;
constexpr int kKeepaliveMs = 30'000;  // while a request waits; finds connections that died silently
constexpr int kKeepaliveTimeoutMs = 20'000;

// A message over the body's own bytes, which it keeps alive.
grpc::ByteBuffer to_message(const SharedByteChain& body) {
  std::vector<grpc::Slice> slices;
  for (const SharedBytes& part : body.parts()) {
    auto* owner = new SharedBytes(part);
    char* bytes = const_cast<char*>(owner->data());  // gRPC only reads them
    slices.emplace_back(
        bytes, owner->size(), [](void* kept) { delete static_cast<SharedBytes*>(kept); }, owner);
  }
  return {slices.data(), slices.size()};
}

// Marks the message as compressed already. gRPC's core knows such messages and passes them on, but
// its C++ side has no way to say it: a ByteBuffer is nothing but a pointer to the core's buffer.
void mark_gzipped(grpc::ByteBuffer& message) {
  static_assert(std::is_standard_layout_v<grpc::ByteBuffer> &&
                sizeof(grpc::ByteBuffer) == sizeof(grpc_byte_buffer*));
  grpc_byte_buffer* core = *reinterpret_cast<grpc_byte_buffer**>(&message);
  core->data.raw.compression = GRPC_COMPRESS_GZIP;
}

std::string to_string(const grpc::ByteBuffer& message) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!message.Valid() || !message.Dump(&slices).ok()) return text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

// Whether gRPC here refused an answer for its size.
bool is_own_limit(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
         status.error_message().find("vs. " + std::to_string(kResponseBytesMax)) !=
             std::string::npos;
}

// gRPC ends the process over metadata that it would not send.
Result<std::string> sendable(Credential& credential) {
  auto value = credential.value();
  const auto is_sendable = [](char c) { return c >= ' ' && c <= '~'; };
  if (value && !std::all_of(value->begin(), value->end(), is_sendable)) {
    credential.invalidate();  // the next try finds the fixed file
    return fail(ErrorKind::kUnavailable, "a credential has a character outside ASCII in it");
  }
  return value;
}

// One request, from send() to its `done`.
struct Call {
  uint64_t spans = 0;
  Exporter::Done done;
  // Set instead of sending, when there is no credential; the alarm brings it to the answering
  // thread.
  std::optional<Outcome> unsent;
  grpc::Alarm alarm;

  std::shared_ptr<grpc::Channel> channel;
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
};

class ArizeGrpcExporter final : public Exporter {
 public:
  ArizeGrpcExporter(ArizeGrpcOptions options, Credential& api_key, Credential& space_id)
      : options_(std::move(options)),
        api_key_(api_key),
        space_id_(space_id),
        thread_([this] { answer(); }) {
    pthread_setname_np(thread_.native_handle(), "arize-grpc");
  }

  ~ArizeGrpcExporter() override {
    {
      Lock lock(mutex_);
      for (Call* call : calls_) call->context.TryCancel();
    }
    answers_.Shutdown();  // answer() ends when the last call has
    thread_.join();
  }
  ArizeGrpcExporter(const ArizeGrpcExporter&) = delete;
  ArizeGrpcExporter& operator=(const ArizeGrpcExporter&) = delete;

  void send(ExportRequest request, Done done) override {
    auto* call = new Call;  // answer() deletes it
    call->spans = request.spans;
    call->done = std::move(done);
    {
      Lock lock(mutex_);
      calls_.insert(call);
    }
    if (const Status ready = prepare(*call); !ready) {
      return answer_unsent(*call, classify_missing_credential(ready.error()));
    }
    if (const Status connected = connect(); !connected) {
      return answer_unsent(*call, classify_misconfigured(connected.error()));
    }
    call->channel = channel_;
    call->context.set_deadline(gpr_time_add(
        gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(request.timeout.count(), GPR_TIMESPAN)));
    grpc::ByteBuffer message;
    if (options_.gzip) {
      call->context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
      message = to_message(request.body->gzipped());
      mark_gzipped(message);
    } else {
      message = to_message(request.body->plain());
    }
    call->reader = stub_->PrepareUnaryCall(&call->context, kMethod, message, &answers_);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call);
  }

 private:
  Status prepare(Call& call) {
    const auto key = sendable(api_key_);
    if (!key) return fail(key.error());
    const auto space = sendable(space_id_);
    if (!space) return fail(space.error());
    call.context.AddMetadata("authorization", *key);
    call.context.AddMetadata("arize-space-id", *space);
    call.context.AddMetadata("arize-interface", "dualtrace");
    // Deprecated, and still what an older Arize on premises looks at.
    call.context.AddMetadata("api_key", *key);
    call.context.AddMetadata("space_id", *space);
    return {};
  }

  void answer_unsent(Call& call, Outcome outcome) {
    call.unsent = std::move(outcome);
    call.alarm.Set(&answers_, gpr_now(GPR_CLOCK_MONOTONIC), &call);
  }

  // The channel, made anew when a request over it got no answer in time, as its connection may be
  // dead without our knowing, and when the CA file has changed since it last failed to connect.
  // While that file cannot be read nothing is sent: gRPC takes no roots for "the system's", and the
  // key would go to whoever has a certificate from anybody.
  Status connect() {
    const bool unheard = unheard_.exchange(false);
    const bool unreachable = unreachable_.exchange(false);
    if (channel_ != nullptr && !unheard && !unreachable) return {};
    std::string ca;
    if (options_.endpoint.secure()) {
      auto read = read_authorities(options_.tls);
      if (!read) {
        unreachable_ = true;  // the next request looks again
        return fail(read.error());
      }
      ca = *std::move(read);
    }
    if (channel_ != nullptr && !unheard && ca == ca_) return {};
    ca_ = std::move(ca);
    channel_ = make_channel();
    stub_ = std::make_unique<grpc::GenericStub>(channel_);
    return {};
  }

  [[nodiscard]] std::shared_ptr<grpc::Channel> make_channel() const {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kResponseBytesMax);
    arguments.SetUserAgentPrefix("dualtrace");
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMaxMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
    arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kLookupIntervalMs);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // retries are the lane's
    // Each exporter its own connections: nothing is shared behind our back.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    // A proxy comes from the configuration, never from the environment.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, options_.proxy ? 1 : 0);
    if (options_.proxy) arguments.SetString(GRPC_ARG_HTTP_PROXY, options_.proxy->origin());
    std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
    if (options_.endpoint.secure()) {
      credentials = grpc::SslCredentials(
          {.pem_root_certs = ca_, .pem_private_key = {}, .pem_cert_chain = {}});
    }
    return grpc::CreateCustomChannel(options_.endpoint.authority.to_string(), credentials,
                                     arguments);
  }

  void answer() {
    void* tag = nullptr;
    bool ok = false;
    while (answers_.Next(&tag, &ok)) {
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      {
        Lock lock(mutex_);
        calls_.erase(call.get());
      }
      call->done(call->unsent ? *call->unsent : outcome_of(*call));
    }
  }

  Outcome outcome_of(const Call& call) {
    const bool late = call.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    const bool unsent = late && call.channel->GetState(false) != GRPC_CHANNEL_READY;
    Outcome outcome = classify_arize_grpc({.code = call.status.error_code(),
                                           .message = call.status.error_message(),
                                           .details = call.status.error_details(),
                                           .body = to_string(call.response),
                                           .ours = is_own_limit(call.status),
                                           .unsent = unsent},
                                          call.spans);
    if (late && !unsent) unheard_ = true;
    if (call.status.error_code() == grpc::StatusCode::UNAVAILABLE) unreachable_ = true;
    if (refuses_credential(outcome)) {
      api_key_.invalidate();
      space_id_.invalidate();
    }
    return outcome;
  }

  const ArizeGrpcOptions options_;
  Credential& api_key_;
  Credential& space_id_;

  // The sender's thread only.
  std::string ca_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::GenericStub> stub_;

  std::atomic<bool> unreachable_ = false;
  std::atomic<bool> unheard_ = false;  // a request that was sent got no answer in time
  Mutex mutex_;
  std::set<Call*> calls_ DT_GUARDED_BY(mutex_);
  grpc::CompletionQueue answers_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Exporter> make_arize_grpc_exporter(ArizeGrpcOptions options, Credential& api_key,
                                                   Credential& space_id) {
  return std::make_unique<ArizeGrpcExporter>(std::move(options), api_key, space_id);
}

}  // namespace dualtrace::agent

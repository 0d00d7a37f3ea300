// SPDX-License-Identifier: Apache-2.0
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
#include "agent/send/key_verdict.h"
#include "common/error/check.h"
#include "common/net/authorities.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {
namespace {

constexpr char kMethod[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
// The limit for an answer. An unusual number, because gRPC reports "larger than max (… vs.
// 4194321)" in the same words for our limit and for the server's, which is often 4 MiB.
constexpr int kResponseBytesMax = 4 * 1024 * 1024 + 17;
constexpr int kReconnectMaxMs = 3000;  // so that the lane recovers soon after an outage
constexpr int kReconnectFirstMs = 300;
// How long one attempt to connect may take. gRPC calls it the minimum reconnect backoff.
constexpr int kConnectMaxMs = 20'000;
// The interval between two DNS lookups. With gRPC's default of 30 s, a changed address would go
// unnoticed for that long.
constexpr int kLookupIntervalMs = 500;
constexpr int kKeepaliveMs = 30'000;  // while a request waits; detects dead connections
constexpr int kKeepaliveTimeoutMs = 20'000;
// Headers of the CONNECT to the proxy, one "Name:value" per line. gRPC has no public name for this
// argument.
constexpr char kConnectHeaders[] = "grpc.http_connect_headers";

// A message that refers to the body's bytes without a copy and keeps them alive.
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

// Marks the message as already compressed. gRPC's core passes such messages on unchanged, but its
// C++ API cannot express it. A ByteBuffer consists only of a pointer to the core's buffer.
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

// Whether our own gRPC refused an answer because of its size.
bool is_own_limit(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
         status.error_message().find("vs. " + std::to_string(kResponseBytesMax)) !=
             std::string::npos;
}

// gRPC aborts the process if metadata cannot be sent. The contents of files were already checked;
// this check makes sure that a mistake there stops one lane and not the agent.
Status check_sendable(const Key& key) {
  const auto is_sendable = [](char c) { return c >= ' ' && c <= '~'; };
  for (const std::string& value : key.values) {
    if (std::all_of(value.begin(), value.end(), is_sendable)) continue;
    return fail(ErrorKind::kNotFound,
                "a credential contains a character that is not printable ASCII");
  }
  return {};
}

// One request with one key, from sending it to its answer.
struct Call {
  ExportRequest request;
  Exporter::Done done;
  KeyPointer key;
  int resends = 0;
  // Set if the request cannot be sent, for example without a credential. The alarm then hands the
  // outcome to the answering thread.
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
  ArizeGrpcExporter(ArizeGrpcOptions options, Keyring& keys)
      : options_(std::move(options)), keys_(keys) {}

  ~ArizeGrpcExporter() override {
    {
      Lock lock(mutex_);
      stopping_ = true;
      for (Call* call : calls_) call->context.TryCancel();
      if (answers_ != nullptr) answers_->Shutdown();  // answer() returns after the last call
    }
    if (thread_.joinable()) thread_.join();
  }
  ArizeGrpcExporter(const ArizeGrpcExporter&) = delete;
  ArizeGrpcExporter& operator=(const ArizeGrpcExporter&) = delete;

  void send(ExportRequest request, Done done) override {
    auto* call = new Call;  // answer() deletes it
    call->request = std::move(request);
    call->done = std::move(done);
    open(call);
    auto key = keys_.take();
    if (!key) return answer_unsent(*call, classify_no_key(key.error()));
    call->key = *std::move(key);
    if (const Status sendable = check_sendable(*call->key); !sendable) {
      return answer_unsent(*call, classify_no_key(sendable.error()));
    }
    if (const Status connected = connect(); !connected) {
      return answer_unsent(*call, classify_misconfigured(connected.error()));
    }
    call->channel = channel_;
    DT_CHECK(begin(*call));  // nobody destroys the exporter during send()
  }

 private:
  // Makes the queue of answers and its thread if there are none. They stay while `call` is pending.
  void open(Call* call) {
    Lock lock(mutex_);
    calls_.insert(call);
    if (answers_ != nullptr) return;
    if (thread_.joinable()) thread_.join();  // it has closed the previous queue
    answers_ = std::make_unique<grpc::CompletionQueue>();
    thread_ = std::thread([this, answers = answers_.get()] { answer(*answers); });
    pthread_setname_np(thread_.native_handle(), "arize-grpc");
  }

  // Returns false while requests are pending.
  bool close_if_idle() {
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<grpc::CompletionQueue> answers;
    {
      Lock lock(mutex_);
      if (stopping_ || !calls_.empty()) return false;
      channel = std::exchange(channel_, nullptr);
      answers = std::exchange(answers_, nullptr);
    }
    answers->Shutdown();
    void* tag = nullptr;
    bool ok = false;
    DT_CHECK(!answers->Next(&tag, &ok));  // gRPC wants a queue to be emptied before it is destroyed
    return true;
  }

  // `call` has its key and channel. After this, answer() owns it. Returns false if the call was not
  // started because the exporter is being destroyed.
  bool begin(Call& call) {
    add_metadata(call);
    call.context.set_deadline(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_nanos(call.request.timeout.count(), GPR_TIMESPAN)));
    grpc::ByteBuffer message;
    if (options_.compression == Compression::kGzip) {
      call.context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
      message = to_message(call.request.body->gzipped());
      mark_gzipped(message);
    } else {
      message = to_message(call.request.body->plain());
    }
    grpc::GenericStub stub(call.channel);
    // Start the call under the lock: no call may start on a completion queue that is shut down.
    Lock lock(mutex_);
    // Past this point the destructor's TryCancel() and Shutdown() see the call.
    if (stopping_) return false;
    calls_.insert(&call);  // a resend; open() has inserted any other call
    call.reader = stub.PrepareUnaryCall(&call.context, kMethod, message, answers_.get());
    call.reader->StartCall();
    call.reader->Finish(&call.response, &call.status, &call);
    return true;
  }

  static void add_metadata(Call& call) {
    const std::string& key = call.key->values.at(0);
    const std::string& space = call.key->values.at(1);
    call.context.AddMetadata("authorization", key);
    call.context.AddMetadata("arize-space-id", space);
    call.context.AddMetadata("arize-interface", "dualtrace");
    // Deprecated, but older on-premises versions of Arize still read these.
    call.context.AddMetadata("api_key", key);
    call.context.AddMetadata("space_id", space);
  }

  void answer_unsent(Call& call, Outcome outcome) {
    call.unsent = std::move(outcome);
    call.alarm.Set(answers_.get(), gpr_now(GPR_CLOCK_MONOTONIC), &call);
  }

  // Makes a new channel if a request got no answer in time, since the connection may be dead
  // without our knowing, and if the CA file or the proxy's credential has changed since connecting
  // failed. While the CA file cannot be read, nothing is sent: without roots, gRPC would trust the
  // system's, and the key could reach anyone with a publicly trusted certificate.
  Status connect() {
    const bool unheard = unheard_.exchange(false);
    const bool unreachable = unreachable_.exchange(false);
    if (channel_ != nullptr && !unheard && !unreachable) return {};
    std::string ca;
    if (options_.endpoint.secure()) {
      auto read = read_authorities(options_.tls);
      if (!read) {
        unreachable_ = true;  // the next request retries
        return fail(read.error());
      }
      ca = *std::move(read);
    }
    std::string authorization;
    if (options_.proxy) {
      auto read = proxy_authorization(*options_.proxy);
      if (!read) {
        unreachable_ = true;
        return fail(read.error());
      }
      authorization = std::move(read->header);
    }
    const bool same = ca == ca_ && authorization == proxy_authorization_;
    if (channel_ != nullptr && !unheard && same) return {};
    ca_ = std::move(ca);
    proxy_authorization_ = std::move(authorization);
    channel_ = make_channel();
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
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // the lane retries
    // By default, gRPC pings the server after answers and sets a timer for the next ping, to tune
    // the window for receiving. Our answers are a few bytes long.
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    // Each exporter has its own connections. By default, gRPC would share them between channels.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    // The proxy comes from the configuration, never from the environment.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, options_.proxy ? 1 : 0);
    if (options_.proxy) {
      arguments.SetString(GRPC_ARG_HTTP_PROXY, options_.proxy->url.origin());
      if (!proxy_authorization_.empty()) {
        arguments.SetString(kConnectHeaders, "Proxy-Authorization:" + proxy_authorization_);
      }
    }
    std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
    if (options_.endpoint.secure()) {
      credentials = grpc::SslCredentials(
          {.pem_root_certs = ca_, .pem_private_key = {}, .pem_cert_chain = {}});
    }
    return grpc::CreateCustomChannel(options_.endpoint.authority.to_string(), credentials,
                                     arguments);
  }

  void answer(grpc::CompletionQueue& answers) {
    using NextStatus = grpc::CompletionQueue::NextStatus;
    const gpr_timespec idle = gpr_time_from_nanos(options_.idle_close.count(), GPR_TIMESPAN);
    while (true) {
      void* tag = nullptr;
      bool ok = false;
      const auto until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), idle);
      const NextStatus next = answers.AsyncNext(&tag, &ok, until);
      if (next == NextStatus::SHUTDOWN) return;
      if (next == NextStatus::TIMEOUT) {
        if (close_if_idle()) return;
        continue;
      }
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      {
        Lock lock(mutex_);
        calls_.erase(call.get());
      }
      finish(*call);
    }
  }

  void finish(Call& call) {
    Outcome outcome = call.unsent ? *std::move(call.unsent) : outcome_of(call);
    KeyPointer again;
    if (call.key != nullptr) again = keys_.answered(call.key, verdict_of(outcome));
    if (again == nullptr || call.resends == kResendsMax || !resend(call, std::move(again))) {
      call.done(std::move(outcome));
    }
  }

  // Uses the same channel, which has just delivered an answer.
  bool resend(const Call& call, KeyPointer key) {
    if (call.channel == nullptr || !check_sendable(*key)) return false;
    auto next = std::make_unique<Call>();
    next->request = call.request;
    next->done = call.done;
    next->key = std::move(key);
    next->resends = call.resends + 1;
    next->channel = call.channel;
    if (!begin(*next)) return false;
    static_cast<void>(next.release());
    return true;
  }

  Outcome outcome_of(const Call& call) {
    const bool late = call.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    const bool unsent = late && call.channel->GetState(false) != GRPC_CHANNEL_READY;
    Outcome outcome = classify_arize_grpc({.code = call.status.error_code(),
                                           .message = call.status.error_message(),
                                           .details = call.status.error_details(),
                                           .body = to_string(call.response),
                                           .ours = is_own_limit(call.status),
                                           .unsent = unsent,
                                           .secrets = call.key->values},
                                          call.request.spans);
    if (late && !unsent) unheard_ = true;
    if (call.status.error_code() == grpc::StatusCode::UNAVAILABLE) unreachable_ = true;
    return outcome;
  }

  const ArizeGrpcOptions options_;
  Keyring& keys_;

  // Used on the thread that calls send() only.
  std::string ca_;
  std::string proxy_authorization_;
  // Like `answers_`, used by send() while its call is in `calls_`, and reset under the lock while
  // that is empty.
  std::shared_ptr<grpc::Channel> channel_;

  std::atomic<bool> unreachable_ = false;
  std::atomic<bool> unheard_ = false;  // a request that was sent got no answer in time
  Mutex mutex_;
  std::set<Call*> calls_ DT_GUARDED_BY(mutex_);  // from send() to their answers
  bool stopping_ DT_GUARDED_BY(mutex_) = false;
  std::unique_ptr<grpc::CompletionQueue> answers_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Exporter> make_arize_grpc_exporter(ArizeGrpcOptions options, Keyring& keys) {
  return std::make_unique<ArizeGrpcExporter>(std::move(options), keys);
}

}  // namespace dualtrace::agent

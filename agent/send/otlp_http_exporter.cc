// SPDX-License-Identifier: Apache-2.0
#include "agent/send/otlp_http_exporter.h"

#include <atomic>
#include <future>

#include "agent/send/classify.h"
#include "agent/send/key_verdict.h"
#include "common/time/thread_scheduler.h"

namespace dualtrace::agent {
namespace {

class OtlpHttpExporter final : public Exporter {
 public:
  OtlpHttpExporter(OtlpHttpProfile profile, Keyring& keys, Clock& clock)
      : profile_(std::move(profile)),
        keys_(keys),
        clock_(clock),
        gzip_(profile_.compression == Compression::kGzip ? Gzip::kUntried : Gzip::kOff) {}

  ~OtlpHttpExporter() override {
    stopping_ = true;
    if (unsent_ == nullptr) return;
    std::promise<void> done;  // posted last, so it runs after all others
    unsent_->post([&done] { done.set_value(); });
    done.get_future().wait();
  }
  OtlpHttpExporter(const OtlpHttpExporter&) = delete;
  OtlpHttpExporter& operator=(const OtlpHttpExporter&) = delete;

  void send(ExportRequest request, Done done) override {
    auto key = keys_.take();
    if (!key) return finish_later(classify_no_key(key.error()), std::move(done));
    if (client_ == nullptr) client_ = profile_.make_client(**key);
    Try first{.request = std::move(request), .done = std::move(done), .key = *std::move(key)};
    send(std::move(first), gzip_ != Gzip::kOff);
  }

 private:
  enum class Gzip { kOff, kUntried, kAccepted };

  // A request in flight with one key.
  struct Try {
    ExportRequest request;
    Done done;
    KeyPointer key;
    int resends = 0;
  };

  void send(Try attempt, bool compress) {
    HttpRequest http = to_http(attempt, compress);
    const Duration timeout = attempt.request.timeout;
    client_->send(std::move(http), timeout,
                  [this, compress, attempt = std::move(attempt)](Result<HttpResponse> answer) {
                    if (compress && may_dislike_gzip(answer)) return send(attempt, false);
                    finish(attempt, compress, std::move(answer));
                  });
  }

  HttpRequest to_http(const Try& attempt, bool compress) const {
    HttpRequest request{.path = profile_.path, .headers = profile_.headers(*attempt.key)};
    request.headers.emplace_back("Content-Type", "application/x-protobuf");
    if (compress) request.headers.emplace_back("Content-Encoding", "gzip");
    const RequestBody& body = *attempt.request.body;
    request.body = compress ? SharedByteChain(body.gzipped()) : body.plain();
    return request;
  }

  // No answer has shown yet that the destination accepts gzip, and this one may mean that it does
  // not.
  bool may_dislike_gzip(const Result<HttpResponse>& answer) const {
    return answer && gzip_ != Gzip::kAccepted && (answer->status == 400 || answer->status == 415);
  }

  void finish(const Try& attempt, bool compressed, Result<HttpResponse> answer) {
    if (answer) {
      const std::vector<std::string>& secrets = attempt.key->values;
      answer->secrets.insert(answer->secrets.end(), secrets.begin(), secrets.end());
    }
    Outcome outcome = answer ? profile_.classify(*answer, attempt.request.spans)
                             : classify_transport(answer.error());
    if (is_stored(outcome)) gzip_ = compressed ? Gzip::kAccepted : Gzip::kOff;
    KeyPointer again = keys_.answered(attempt.key, verdict_of(outcome));
    if (again == nullptr || attempt.resends == kResendsMax || stopping_) {
      return attempt.done(std::move(outcome));
    }
    Try next = attempt;
    next.key = std::move(again);
    ++next.resends;
    send(std::move(next), compressed);
  }

  // A web page with 200 proves nothing, so it does not count as accepted.
  static bool is_stored(const Outcome& outcome) {
    return outcome.kind == OutcomeKind::kDelivered || outcome.kind == OutcomeKind::kPartly;
  }

  void finish_later(Outcome outcome, Done done) {
    if (unsent_ == nullptr) unsent_ = std::make_unique<ThreadScheduler>("unsent", clock_);
    unsent_->post([outcome = std::move(outcome), done = std::move(done)] { done(outcome); });
  }

  const OtlpHttpProfile profile_;
  Keyring& keys_;
  Clock& clock_;
  std::atomic<Gzip> gzip_;
  std::atomic<bool> stopping_ = false;  // no resends
  // Calls `done` for requests that cannot be sent, since send() itself must not; made on first use.
  std::unique_ptr<ThreadScheduler> unsent_;
  // Last, so that it is destroyed, and has delivered all its answers, before the members they use.
  std::unique_ptr<HttpSender> client_;
};

}  // namespace

std::unique_ptr<Exporter> make_otlp_http_exporter(OtlpHttpProfile profile, Keyring& keys,
                                                  Clock& clock) {
  return std::make_unique<OtlpHttpExporter>(std::move(profile), keys, clock);
}

}  // namespace dualtrace::agent

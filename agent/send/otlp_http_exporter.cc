#include "agent/send/otlp_http_exporter.h"

#include <atomic>
#include <future>

#include "agent/send/classify.h"
#include "common/time/thread_scheduler.h"

namespace dualtrace::agent {
namespace {

class OtlpHttpExporter final : public Exporter {
 public:
  OtlpHttpExporter(OtlpHttpProfile profile, std::unique_ptr<HttpSender> client, Clock& clock)
      : profile_(std::move(profile)),
        clock_(clock),
        gzip_(profile_.gzip ? Gzip::kUntried : Gzip::kOff),
        client_(std::move(client)) {}

  ~OtlpHttpExporter() override {
    if (unsent_ == nullptr) return;
    std::promise<void> done;  // posted last, so run when every other has
    unsent_->post([&done] { done.set_value(); });
    done.get_future().wait();
  }
  OtlpHttpExporter(const OtlpHttpExporter&) = delete;
  OtlpHttpExporter& operator=(const OtlpHttpExporter&) = delete;

  void send(ExportRequest request, Done done) override {
    const bool compress = gzip_ != Gzip::kOff;
    auto http = to_http(*request.body, compress);
    if (!http) return finish_later(classify_missing_credential(http.error()), std::move(done));
    const Duration timeout = request.timeout;
    client_->send(*std::move(http), timeout,
                  [this, compress, request = std::move(request),
                   done = std::move(done)](const Result<HttpResponse>& answer) {
                    if (compress && may_dislike_gzip(answer)) return send_plain(request, done);
                    Outcome outcome = outcome_of(answer, request.spans);
                    if (compress && is_stored(outcome)) gzip_ = Gzip::kAccepted;
                    done(std::move(outcome));
                  });
  }

 private:
  enum class Gzip { kOff, kUntried, kAccepted };

  Result<HttpRequest> to_http(const RequestBody& body, bool compress) const {
    auto headers = profile_.headers();
    if (!headers) return fail(headers.error());
    HttpRequest request{.path = profile_.path, .headers = *std::move(headers)};
    request.headers.emplace_back("Content-Type", "application/x-protobuf");
    if (compress) request.headers.emplace_back("Content-Encoding", "gzip");
    request.body = compress ? SharedByteChain(body.gzipped()) : body.plain();
    return request;
  }

  // No answer has yet shown that the destination reads gzip, and this one may mean that it does
  // not.
  bool may_dislike_gzip(const Result<HttpResponse>& answer) const {
    return answer && gzip_ != Gzip::kAccepted && (answer->status == 400 || answer->status == 415);
  }

  void send_plain(const ExportRequest& request, const Done& done) {
    auto http = to_http(*request.body, false);
    if (!http) return done(classify_missing_credential(http.error()));
    client_->send(*std::move(http), request.timeout,
                  [this, spans = request.spans, done](const Result<HttpResponse>& answer) {
                    Outcome outcome = outcome_of(answer, spans);
                    if (is_stored(outcome)) gzip_ = Gzip::kOff;
                    done(std::move(outcome));
                  });
  }

  // A page with 200 is no sign of anything.
  static bool is_stored(const Outcome& outcome) {
    return outcome.kind == OutcomeKind::kDelivered || outcome.kind == OutcomeKind::kPartly;
  }

  Outcome outcome_of(const Result<HttpResponse>& answer, uint64_t spans) {
    Outcome outcome =
        answer ? profile_.classify(*answer, spans) : classify_transport(answer.error());
    if (refuses_credential(outcome)) profile_.credential_refused();
    return outcome;
  }

  void finish_later(Outcome outcome, Done done) {
    if (unsent_ == nullptr) unsent_ = std::make_unique<ThreadScheduler>("unsent", clock_);
    unsent_->post([outcome = std::move(outcome), done = std::move(done)] { done(outcome); });
  }

  const OtlpHttpProfile profile_;
  Clock& clock_;
  std::atomic<Gzip> gzip_;
  // Answers what cannot be sent, as send() itself must not; made when it is first needed.
  std::unique_ptr<ThreadScheduler> unsent_;
  // Last, so that it is gone, and all its answers given, before what they use.
  const std::unique_ptr<HttpSender> client_;
};

}  // namespace

std::unique_ptr<Exporter> make_otlp_http_exporter(OtlpHttpProfile profile,
                                                  std::unique_ptr<HttpSender> client,
                                                  Clock& clock) {
  return std::make_unique<OtlpHttpExporter>(std::move(profile), std::move(client), clock);
}

}  // namespace dualtrace::agent

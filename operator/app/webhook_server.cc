// SPDX-License-Identifier: Apache-2.0
#include "operator/app/webhook_server.h"

#include <exception>
#include <utility>

#include "common/log/log.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kBodyBytesMax = 4 * 1024 * 1024;
constexpr size_t kBodiesBytesMax = 32 * 1024 * 1024;
constexpr size_t kConnectionsMax = 512;
constexpr Duration kIdleTimeout = std::chrono::seconds(60);
constexpr Duration kProgressTimeout = std::chrono::milliseconds(1900);
constexpr Duration kLogInterval = std::chrono::minutes(1);
constexpr WaitingRoom::Limits kWaiting{.tasks_max = 16, .patience = std::chrono::milliseconds(300)};

struct Answered {
  HttpServerResponse response;
  std::string result;
};

Answered refused(int status, const char* result, std::string body) {
  body.push_back('\n');
  return {{.status = status, .body = std::move(body)}, result};
}

// "injected" and "skipped" come from the reviewers, who also write them to the audit log.
std::string result_of(const AdmissionAnswer& answer) {
  if (!answer.audit_annotations.empty()) return answer.audit_annotations.begin()->first;
  return answer.warnings.empty() ? "unchanged" : "warned";
}

struct Ask {
  const AdmissionRequest& request;
  Tick wait_until;

  AdmissionAnswer operator()(const Review& review) const { return review(request); }
  AdmissionAnswer operator()(const AskingReview& review) const {
    return review(request, wait_until);
  }
};
using AnyReview = Reviews::mapped_type;

// A bug that some pod triggers must neither end the operator nor prevent the pod from starting.
Answered reviewed(const AnyReview& review, const AdmissionRequest& request, Tick wait_until,
                  Clock& clock) {
  static LogLimiter log(kLogInterval);
  try {
    const AdmissionAnswer answer = std::visit(Ask{request, wait_until}, review);
    return {{.content_type = "application/json", .body = render_answer(request.uid, answer)},
            result_of(answer)};
  } catch (const std::exception& fault) {
    if (log.allow(clock.tick())) {
      log_error("a review failed; the object is admitted unchanged",
                {{"object", request.key.to_string()}, {"error", fault.what()}});
    }
    return refused(500, "failed", "the review failed");
  }
}

Answered answer(const HttpServerRequest& request, const AnyReview& review, Tick wait_until,
                Clock& clock) {
  if (request.method != "POST") {
    Answered not_allowed = refused(405, "refused", "method not allowed");
    not_allowed.response.headers = {{"Allow", "POST"}};
    return not_allowed;
  }
  if (!request.header("content-type").starts_with("application/json")) {
    return refused(415, "refused", "expected Content-Type: application/json");
  }
  const auto parsed = parse_review(request.body);
  if (!parsed) return refused(400, "unreadable", parsed.error().message);
  return reviewed(review, *parsed, wait_until, clock);
}

}  // namespace

HttpServerResponse answer_review(const HttpServerRequest& request, const Reviews& reviews,
                                 const ReviewTimes& times, Clock& clock, MetricRegistry& metrics) {
  const auto review = reviews.find(request.path);
  const bool known = review != reviews.end();
  Answered answered = known ? answer(request, review->second, times.wait_until, clock)
                            : refused(404, "refused", "there is no webhook at this path");
  const MetricLabels path{{"path", known ? request.path : "other"}};
  metrics
      .counter("dualtrace_operator_webhook_requests_total", "Requests to the webhook",
               {{"path", path.at("path")}, {"result", answered.result}})
      .increment();
  metrics
      .histogram("dualtrace_operator_webhook_request_duration_seconds",
                 "Time from the receipt of a whole request to its answer",
                 {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1}, path)
      .observe(std::chrono::duration<double>(clock.tick() - times.begun).count());
  return std::move(answered.response);
}

Result<std::unique_ptr<WebhookServer>> WebhookServer::start(Options options, Reviews reviews,
                                                            Clock& clock, MetricRegistry& metrics) {
  std::unique_ptr<WebhookServer> made(new WebhookServer(std::move(reviews), clock, metrics));
  if (Status opened = made->open(std::move(options)); !opened) return fail(opened.error());
  return made;
}

WebhookServer::WebhookServer(Reviews reviews, Clock& clock, MetricRegistry& metrics)
    : reviews_(std::move(reviews)),
      clock_(clock),
      metrics_(metrics),
      waiting_("webhook-asks", clock),
      room_(waiting_, kWaiting) {}

WebhookServer::~WebhookServer() {
  server_.reset();
  waiting_.stop();
}

Status WebhookServer::open(Options options) {
  HttpServer::Options serving{.listen = std::move(options.listen),
                              .body_bytes_max = kBodyBytesMax,
                              .bodies_bytes_max = kBodiesBytesMax,
                              .connections_max = kConnectionsMax,
                              .idle_timeout = kIdleTimeout,
                              .progress_timeout = kProgressTimeout,
                              .thread_name = "webhook"};
  if (auto* files = std::get_if<TlsServerOptions>(&options.tls)) serving.tls = *files;
  if (auto* identity = std::get_if<TlsIdentity>(&options.tls)) serving.identity = *identity;
  auto server =
      HttpServer::start(std::move(serving), [this](HttpServerRequest request, HttpReplier replier) {
        take(std::move(request), std::move(replier));
      });
  if (!server) return fail(server.error().with_prefix("--webhook-listen: "));
  server_ = *std::move(server);
  return {};
}

void WebhookServer::take(HttpServerRequest request, HttpReplier replier) {
  const auto review = reviews_.find(request.path);
  const bool asks =
      review != reviews_.end() && std::holds_alternative<AskingReview>(review->second);
  // The captures of a task must be copyable.
  auto reply = [this, begun = clock_.tick(), request = std::move(request),
                replier = std::make_shared<HttpReplier>(std::move(replier))](Tick wait_until) {
    replier->reply(answer_review(request, reviews_, {begun, wait_until}, clock_, metrics_));
  };
  if (asks) return room_.run(std::move(reply));
  reply(clock_.tick());
}

}  // namespace dualtrace::ctl

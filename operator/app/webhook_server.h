// SPDX-License-Identifier: Apache-2.0
#pragma once
// WebhookServer: HTTPS for the API server's AdmissionReviews. A review for a known path goes to its
// function and is always answered "allowed". A request that cannot be read gets an HTTP error;
// failurePolicy Ignore then admits the object. Reviews run on the server's only thread and must not
// block, except those that may send requests: these run in a WaitingRoom.
//
// Limits: a review has at most 4 MiB: the API server accepts no request above 3 MiB, and a review
// contains one copy of a pod. All bodies together have at most 32 MiB; there are at most 512
// connections. A handshake and a body get less than the 2 s that the API server waits for an
// answer; a kept-alive connection gets 60 s. 16 reviews may wait for requests, none for longer than
// 0.3 s plus one call.
// Thread-safe.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "common/error/result.h"
#include "common/metric/metric.h"
#include "common/net/http_server.h"
#include "common/time/clock.h"
#include "common/time/thread_scheduler.h"
#include "operator/app/waiting_room.h"
#include "operator/webhook/admission_review.h"

namespace dualtrace::ctl {

using Review = std::function<AdmissionAnswer(const AdmissionRequest&)>;  // never blocks
// May block until `wait_until`, and not at all if that is past.
using AskingReview = std::function<AdmissionAnswer(const AdmissionRequest&, Tick wait_until)>;
using Reviews = std::map<std::string, std::variant<Review, AskingReview>>;  // by path

struct ReviewTimes {
  Tick begun{};
  Tick wait_until{};
};

// The answer to one request. Counts and times it.
[[nodiscard]] HttpServerResponse answer_review(const HttpServerRequest& request,
                                               const Reviews& reviews, const ReviewTimes& times,
                                               Clock& clock, MetricRegistry& metrics);

class WebhookServer {
 public:
  struct Options {
    HostPort listen;
    // In files, which may be replaced while it runs, or in memory.
    std::variant<TlsServerOptions, TlsIdentity> tls;
  };
  // Listening when it returns. The references outlive it.
  static Result<std::unique_ptr<WebhookServer>> start(Options options, Reviews reviews,
                                                      Clock& clock, MetricRegistry& metrics);
  // Drops waiting reviews and their connections; waits for a running one.
  ~WebhookServer();
  WebhookServer(const WebhookServer&) = delete;
  WebhookServer& operator=(const WebhookServer&) = delete;

  // Sets the identity for new connections; only for a server started with an identity in memory.
  Status show(const TlsIdentity& identity) { return server_->show(identity); }
  [[nodiscard]] uint16_t port() const { return server_->port(); }

 private:
  WebhookServer(Reviews reviews, Clock& clock, MetricRegistry& metrics);
  Status open(Options options);
  // On the server's thread.
  void take(HttpServerRequest request, HttpReplier replier);

  const Reviews reviews_;
  Clock& clock_;
  MetricRegistry& metrics_;
  ThreadScheduler waiting_;
  WaitingRoom room_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace dualtrace::ctl

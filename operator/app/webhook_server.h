// SPDX-License-Identifier: Apache-2.0
#pragma once
// WebhookServer: HTTPS for the API server's AdmissionReviews. A review of a known path goes to its
// function and is answered "allowed", whatever comes of it; what cannot be read is an HTTP error,
// with which failurePolicy Ignore lets the object in. Reviews run on the server's one thread and
// must not block, but for those that may ask somebody: they run in a WaitingRoom.
//
// Limits: a review has at most 4 MiB: the API server takes no request above 3 MiB, and of a pod
// there is one copy in it. All bodies together 32 MiB, 512 connections. A handshake and a body have
// less than the 2 s that the API server waits for an answer; a connection that it keeps, 60 s. 16
// reviews may wait for somebody, none of them for longer than 0.3 s and one call of whom it asks.
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
// May block until then, and not at all when that is past.
using AskingReview = std::function<AdmissionAnswer(const AdmissionRequest&, Tick wait_until)>;
using Reviews = std::map<std::string, std::variant<Review, AskingReview>>;  // by path

struct ReviewTimes {
  Tick begun{};
  Tick wait_until{};
};

// What is answered to one request. Counts it; the clock says how long it took.
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
  // What waits is dropped, and its connection with it; what asks is waited for.
  ~WebhookServer();
  WebhookServer(const WebhookServer&) = delete;
  WebhookServer& operator=(const WebhookServer&) = delete;

  // What new connections see from now on; for one that was started with an identity in memory.
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

// SPDX-License-Identifier: Apache-2.0
#include "common/kube/caller.h"

#include <utility>

#include "common/kube/api_error.h"

namespace dualtrace::kube {
namespace {

constexpr int kWaitsMax = 10;
constexpr size_t kRefusalBytesMax = 64 * 1024;

std::string code_of(int status) { return status == 0 ? "<error>" : std::to_string(status); }

Error cancelled() { return {ErrorKind::kCancelled, "shutting down"}; }

}  // namespace

// Looked up by name each time: a call to the API server costs far more.
void CallMetrics::answered(const std::string& method, int status) {
  registry_
      .counter("rest_client_requests_total", "Requests to the Kubernetes API server.",
               {{"code", code_of(status)}, {"method", method}, {"host", host_}})
      .increment();
}

void CallMetrics::took(const std::string& method, Duration duration) {
  static const std::vector<double> kBounds{0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60};
  registry_
      .histogram("rest_client_request_duration_seconds",
                 "Time to the answer of the Kubernetes API server, without watches.", kBounds,
                 {{"verb", method}, {"host", host_}})
      .observe(std::chrono::duration<double>(duration).count());
}

void CallMetrics::repeated(const std::string& method, int status) {
  registry_
      .counter("rest_client_request_retries_total",
               "Requests to the Kubernetes API server that were retried.",
               {{"code", code_of(status)}, {"verb", method}, {"host", host_}})
      .increment();
}

void Caller::call(HttpClient& client, HttpRequest request, Duration timeout, Done done,
                  BodyReader body) {
  const auto call = std::make_shared<Call>(Call{
      .client = client,
      .request = std::move(request),
      .deadline = scheduler_.clock().tick() + timeout,
      .body = std::move(body),
  });
  if (keep(*call, done)) {
    scheduler_.post([this, call] { attempt(call); });
  } else {
    scheduler_.post([done = std::move(done)] { done(fail(cancelled())); });
  }
}

bool Caller::keep(Call& call, const Done& done) {
  const Lock lock(mutex_);
  call.id = ++last_id_;
  if (!cancelled_) live_.emplace(call.id, done);
  return !cancelled_;
}

void Caller::cancel() {
  std::map<uint64_t, Done> live;
  {
    const Lock lock(mutex_);
    cancelled_ = true;
    live.swap(live_);
  }
  for (const auto& [id, done] : live) done(fail(cancelled()));
}

void Caller::attempt(const CallPointer& call) {
  if (!is_live(call->id)) return;
  HttpRequest request = call->request;
  auto shown = connections_.authorize(request);
  if (!shown) return finish(call, fail(shown.error()));
  call->shown = *std::move(shown);
  call->sent = scheduler_.clock().tick();
  if (call->sent >= call->deadline) {
    return finish(call, fail(ErrorKind::kUnavailable, connections_.host() + ": no answer in time"));
  }
  if (call->body.piece) return open(call, std::move(request));
  call->client.send(std::move(request), call->deadline - call->sent,
                    [this, call](Result<HttpResponse> result) {
                      scheduler_.post([this, call, result = std::move(result)]() mutable {
                        answered(call, std::move(result));
                      });
                    });
}

void Caller::open(const CallPointer& call, HttpRequest request) {
  const auto answer = std::make_shared<HttpResponse>();
  HttpStreamReader reader;
  reader.head = [answer, body = call->body](HttpResponse head) {
    *answer = std::move(head);
    if (answer->status == 200) body.begin();
  };
  reader.piece = [answer, body = call->body](std::string_view bytes) {
    if (answer->status == 200) return body.piece(bytes);
    answer->body.append(bytes.substr(0, kRefusalBytesMax - answer->body.size()));
  };
  // The time at which the stream was opened distinguishes it from one that was abandoned.
  const auto over = [this, call, sent = call->sent](Result<HttpResponse> result) {
    if (call->stream == nullptr || call->sent != sent) return;
    call->stream.reset();
    scheduler_.cancel(std::exchange(call->timer, 0));
    answered(call, std::move(result));
  };
  reader.ended = [this, answer, over](Status status) {
    scheduler_.post([answer, over, status = std::move(status)] {
      over(status ? Result<HttpResponse>(*answer) : fail(status.error()));
    });
  };
  call->stream =
      call->client.open(std::move(request), call->deadline - call->sent, std::move(reader));
  call->timer = scheduler_.run_at(call->deadline, [this, over] {
    over(fail(ErrorKind::kCancelled, connections_.host() + ": no answer in time"));
  });
}

void Caller::answered(const CallPointer& call, Result<HttpResponse> result) {
  metrics_.answered(call->request.method, result ? result->status : 0);
  metrics_.took(call->request.method, scheduler_.clock().tick() - call->sent);
  if (!is_live(call->id)) return;
  const bool goes_on =
      result ? goes_on_after(call, *result) : goes_on_without_answer(call, result.error());
  if (goes_on) return metrics_.repeated(call->request.method, result ? result->status : 0);
  if (!result && result.error().kind == ErrorKind::kCancelled) {  // by our own timeout
    result = fail(ErrorKind::kUnavailable, result.error().message);
  }
  finish(call, std::move(result));
}

bool Caller::goes_on_without_answer(const CallPointer& call, const Error& error) {
  // A kept-alive connection that the server closed looks like this. A POST might have arrived.
  if (error.kind != ErrorKind::kUnavailable || call->sent_again || call->request.method == "POST") {
    return false;
  }
  call->sent_again = true;
  attempt(call);
  return true;
}

bool Caller::goes_on_after(const CallPointer& call, const HttpResponse& response) {
  if (response.status == 401) {
    if (call->authorized_again || !connections_.refused(call->shown)) return false;
    call->authorized_again = true;
    attempt(call);
    return true;
  }
  const auto wait = retry_after_of(response);
  if (!wait || (response.status != 429 && response.status < 500)) return false;
  const Tick again = scheduler_.clock().tick() + *wait;
  if (call->waits == kWaitsMax || again >= call->deadline) return false;
  ++call->waits;
  scheduler_.run_at(again, [this, call] { attempt(call); });
  return true;
}

void Caller::finish(const CallPointer& call, Result<HttpResponse> result) {
  const Done done = take(call->id);
  if (done) done(std::move(result));
}

Caller::Done Caller::take(uint64_t id) {
  const Lock lock(mutex_);
  const auto found = live_.find(id);
  if (found == live_.end()) return {};
  Done done = std::move(found->second);
  live_.erase(found);
  return done;
}

bool Caller::is_live(uint64_t id) {
  const Lock lock(mutex_);
  return live_.contains(id);
}

}  // namespace dualtrace::kube

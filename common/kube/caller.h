// SPDX-License-Identifier: Apache-2.0
#pragma once
// Caller: sends a request until it has the final answer. It authorizes the request, retries once
// with another credential after a 401, retries once over another connection if there was no answer
// and the request may be sent twice, and backs off if the API server asks it to (429 and 5xx with
// Retry-After). Private to common_kube_client.
//
// Guarantees: `done` is called exactly once, at the deadline at the latest, unless a credential
// plugin takes longer. cancel() calls all of them, and those of later calls are called immediately.
// Thread-safe. The work is done on the scheduler; `done` is called there or by cancel().

#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "common/error/result.h"
#include "common/kube/connections.h"
#include "common/metric/metric.h"
#include "common/net/http_client.h"
#include "common/sync/mutex.h"
#include "common/time/scheduler.h"

namespace dualtrace::kube {

// rest_client_*, under client-go's names.
class CallMetrics {
 public:
  CallMetrics(MetricRegistry& registry, std::string host)
      : registry_(registry), host_(std::move(host)) {}

  // `status` 0: no answer.
  void answered(const std::string& method, int status);
  void took(const std::string& method, Duration duration);
  void repeated(const std::string& method, int status);

 private:
  MetricRegistry& registry_;
  const std::string host_;
};

// Reads the body of a 200 as it arrives, instead of collecting it in the answer. Called one at a
// time, from a thread of the HttpClient's; a retried request starts with begin() again.
struct BodyReader {
  std::function<void()> begin{};
  std::function<void(std::string_view)> piece{};
};

class Caller {
 public:
  using Done = std::function<void(Result<HttpResponse>)>;

  // The references outlive it. The scheduler is stopped, and the connections are gone, before it.
  Caller(Connections& connections, Scheduler& scheduler, CallMetrics metrics)
      : connections_(connections), scheduler_(scheduler), metrics_(std::move(metrics)) {}

  // `client` is one of the connections'. Errors as in HttpClient, except for a passed deadline
  // (kUnavailable), cancel() (kCancelled) and a missing credential (kDenied). Any HTTP status is
  // an answer.
  void call(HttpClient& client, HttpRequest request, Duration timeout, Done done,
            BodyReader body = {});
  void cancel();

 private:
  struct Call {
    HttpClient& client;
    HttpRequest request;
    Tick deadline;
    BodyReader body{};
    uint64_t id = 0;
    Tick sent{};
    Shown shown{};
    int waits = 0;
    bool authorized_again = false;
    bool sent_again = false;
    std::unique_ptr<HttpStream> stream{};  // of a body that is read as it arrives
    Scheduler::TimerId timer = 0;          // for its deadline
  };
  using CallPointer = std::shared_ptr<Call>;

  // False when cancelled.
  bool keep(Call& call, const Done& done);
  void attempt(const CallPointer& call);
  void open(const CallPointer& call, HttpRequest request);
  void answered(const CallPointer& call, Result<HttpResponse> result);
  // Whether the call continues: the final answer has not come yet.
  bool goes_on_without_answer(const CallPointer& call, const Error& error);
  bool goes_on_after(const CallPointer& call, const HttpResponse& response);
  void finish(const CallPointer& call, Result<HttpResponse> result);
  Done take(uint64_t id);
  [[nodiscard]] bool is_live(uint64_t id);

  Connections& connections_;
  Scheduler& scheduler_;
  CallMetrics metrics_;

  Mutex mutex_;
  std::map<uint64_t, Done> live_ DT_GUARDED_BY(mutex_);
  uint64_t last_id_ DT_GUARDED_BY(mutex_) = 0;
  bool cancelled_ DT_GUARDED_BY(mutex_) = false;
};

}  // namespace dualtrace::kube

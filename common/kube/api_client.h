// SPDX-License-Identifier: Apache-2.0
#pragma once
// ApiClient: the Kubernetes API over HTTP. Blocking calls for single objects, asynchronous ones for
// lists and watches; one connection for each watch. Made once by operator/app.
//
// Limits: an object and a watch's line have at most 8 MiB. A page of a list may have any length,
//   because it is read object by object.
// Thread-safe. Many threads may make blocking calls concurrently; its own callbacks must not make
// blocking calls or call cancel(). No thread may be in a call when it is destroyed: call cancel()
// first.

#include <memory>
#include <string>

#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/kube/api.h"
#include "common/kube/config.h"
#include "common/kube/list_watch.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::kube {

// "dualtrace-operator/1.2.3 (linux/amd64)"
[[nodiscard]] std::string user_agent(const std::string& program, const std::string& version);

class ApiClient final : public Api, public ListWatch {
 public:
  struct Options {
    std::string user_agent;
    Duration call_timeout = std::chrono::seconds(30);
    Duration list_timeout = std::chrono::minutes(1);
  };

  // The references outlive it. Connects to nothing yet.
  ApiClient(const ClientConfig& config, Options options, FileSystem& files, Clock& clock,
            MetricRegistry& metrics);
  ~ApiClient() override;
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  // For shutdown: ends all waiting calls, lists and watches, and later ones immediately, with
  // kCancelled. Their callbacks may run on the thread that calls this.
  void cancel();

  Result<Json> get(const ResourceType& type, const ObjectKey& key,
                   Form form = Form::kWhole) override;
  Result<Json> create(const ResourceType& type, const Json& object) override;
  Result<Json> update(const ResourceType& type, const Json& object) override;
  Result<Json> apply(const ResourceType& type, const Json& object,
                     const ApplyOptions& options) override;
  Result<Json> merge_patch(const ResourceType& type, const ObjectKey& key,
                           const Json& patch) override;
  Status remove(const ResourceType& type, const ObjectKey& key,
                const Precondition& precondition) override;

  void list(const Selection& selection, const ListRequest& request,
            std::function<void(Result<ListPage>)> done) override;
  std::unique_ptr<Watch> watch(const Selection& selection, const WatchRequest& request,
                               WatchReader reader) override;

 private:
  class Body;
  const std::unique_ptr<Body> body_;
};

}  // namespace dualtrace::kube

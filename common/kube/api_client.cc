// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_client.h"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "common/kube/api_credential.h"
#include "common/kube/api_error.h"
#include "common/kube/api_requests.h"
#include "common/kube/caller.h"
#include "common/kube/connections.h"
#include "common/kube/list_reader.h"
#include "common/kube/watch_stream.h"
#include "common/sync/mutex.h"
#include "common/time/thread_scheduler.h"

namespace dualtrace::kube {
namespace {

#if defined(__x86_64__)
constexpr const char* kPlatform = "linux/amd64";
#elif defined(__aarch64__)
constexpr const char* kPlatform = "linux/arm64";
#else
constexpr const char* kPlatform = "linux";
#endif

// The answer's text, or its error.
Result<std::string> text_of(const Asked& asked, Result<HttpResponse> result, size_t bytes_max) {
  if (!result) return fail(result.error().with_prefix(asked.prefix()));
  if (result->status < 200 || result->status > 299) return fail(error_of(asked, *result));
  if (result->body.size() > bytes_max) {
    return fail(ErrorKind::kExhausted,
                asked.prefix() + "the answer is above " + std::to_string(bytes_max) + " bytes");
  }
  return std::move(result->body);
}

Failure unnamed(const Asked& asked) {
  return fail(ErrorKind::kInvalid, asked.prefix() + "that is not the name of an object");
}

// The handle that the user of the watch holds.
class WatchHandle final : public Watch {
 public:
  explicit WatchHandle(std::shared_ptr<WatchStream> stream) : stream_(std::move(stream)) {}
  ~WatchHandle() override { stream_->close(); }
  WatchHandle(const WatchHandle&) = delete;
  WatchHandle& operator=(const WatchHandle&) = delete;

 private:
  const std::shared_ptr<WatchStream> stream_;
};

}  // namespace

std::string user_agent(const std::string& program, const std::string& version) {
  return program + "/" + version + " (" + kPlatform + ")";
}

class ApiClient::Body {
 public:
  Body(const ClientConfig& config, Options options, FileSystem& files, Clock& clock,
       MetricRegistry& metrics)
      : options_(std::move(options)),
        metrics_(metrics, config.server.authority.to_string()),
        scheduler_("kube-api", clock),
        connections_(std::in_place, config, options_.user_agent, make_http_clients(config),
                     make_api_credential(config, files, clock), clock),
        caller_(*connections_, scheduler_, metrics_) {}

  ~Body() {
    cancel();
    scheduler_.stop();
    connections_.reset();
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  void cancel();
  // Blocks.
  Result<Json> ask(const Asked& asked, HttpRequest request);
  void list(const Selection& selection, const ListRequest& request,
            std::function<void(Result<ListPage>)> done);
  std::unique_ptr<Watch> watch(const Selection& selection, const WatchRequest& request,
                               WatchReader reader);

 private:
  // Returns false if cancelled.
  bool keep(const std::shared_ptr<WatchStream>& stream);

  const Options options_;
  const CallMetrics metrics_;
  ThreadScheduler scheduler_;
  std::optional<Connections> connections_;  // set until the destructor
  Caller caller_;

  Mutex mutex_;
  bool cancelled_ DT_GUARDED_BY(mutex_) = false;
  std::vector<std::weak_ptr<WatchStream>> watches_ DT_GUARDED_BY(mutex_);
};

void ApiClient::Body::cancel() {
  std::vector<std::weak_ptr<WatchStream>> watches;
  {
    const Lock lock(mutex_);
    cancelled_ = true;
    watches.swap(watches_);
  }
  caller_.cancel();
  for (const auto& weak : watches) {
    const auto stream = weak.lock();
    if (stream != nullptr) stream->end(fail(ErrorKind::kCancelled, "shutting down"));
  }
}

Result<Json> ApiClient::Body::ask(const Asked& asked, HttpRequest request) {
  const auto answer = std::make_shared<std::promise<Result<HttpResponse>>>();
  auto future = answer->get_future();
  caller_.call(*connections_->clients().calls, std::move(request), options_.call_timeout,
               [answer](Result<HttpResponse> result) { answer->set_value(std::move(result)); });
  const auto text = text_of(asked, future.get(), kObjectBytesMax);
  if (!text) return fail(text.error());
  auto json = parse_json(*text);
  if (!json || !json->is_object()) {
    return fail(ErrorKind::kUnavailable, asked.prefix() + "the answer is not an object");
  }
  return *std::move(json);
}

void ApiClient::Body::list(const Selection& selection, const ListRequest& request,
                           std::function<void(Result<ListPage>)> done) {
  const auto reader = std::make_shared<ListReader>(selection);
  const auto page_of = [reader, selection](const Result<HttpResponse>& result) -> Result<ListPage> {
    const Asked asked{"list", selection.type, selection.namespace_name};
    if (!result) return fail(result.error().with_prefix(asked.prefix()));
    if (result->status != 200) return fail(error_of(asked, *result));
    auto page = reader->finish();
    if (!page) return fail(page.error().with_prefix(asked.prefix()));
    return page;
  };
  caller_.call(*connections_->clients().lists, list_request(selection, request),
               options_.list_timeout,
               [page_of, done = std::move(done)](const Result<HttpResponse>& result) {
                 done(page_of(result));
               },
               {.begin = [reader] { reader->begin(); },
                .piece = [reader](std::string_view bytes) { reader->feed(bytes); }});
}

std::unique_ptr<Watch> ApiClient::Body::watch(const Selection& selection,
                                              const WatchRequest& request, WatchReader reader) {
  auto stream = std::make_shared<WatchStream>(
      selection, watch_request(selection, request), metrics_, std::move(reader),
      [this](const Shown& shown) {
        scheduler_.post([this, shown] { connections_->refused(shown); });
      });
  if (keep(stream)) {
    scheduler_.post([this, weak = std::weak_ptr(stream)] {
      const auto started = weak.lock();
      if (started != nullptr) started->start(*connections_, options_.call_timeout);
    });
  } else {
    scheduler_.post([stream] { stream->end(fail(ErrorKind::kCancelled, "shutting down")); });
  }
  return std::make_unique<WatchHandle>(std::move(stream));
}

bool ApiClient::Body::keep(const std::shared_ptr<WatchStream>& stream) {
  const Lock lock(mutex_);
  std::erase_if(watches_, [](const auto& weak) { return weak.expired(); });
  if (!cancelled_) watches_.push_back(stream);
  return !cancelled_;
}

ApiClient::ApiClient(const ClientConfig& config, Options options, FileSystem& files, Clock& clock,
                     MetricRegistry& metrics)
    : body_(std::make_unique<Body>(config, std::move(options), files, clock, metrics)) {}

ApiClient::~ApiClient() = default;

void ApiClient::cancel() { body_->cancel(); }

Result<Json> ApiClient::get(const ResourceType& type, const ObjectKey& key, Form form) {
  const Asked asked{"get", type, key.to_string()};
  if (!names_an_object(key)) return unnamed(asked);
  return body_->ask(asked, get_request(type, key, form));
}

Result<Json> ApiClient::create(const ResourceType& type, const Json& object) {
  const ObjectKey key = key_of(object);
  const Asked asked{"create", type, key.to_string()};
  if (!key.namespace_name.empty() && !is_path_part(key.namespace_name)) return unnamed(asked);
  return body_->ask(asked, create_request(type, object));
}

Result<Json> ApiClient::update(const ResourceType& type, const Json& object) {
  const Asked asked{"update", type, key_of(object).to_string()};
  if (!names_an_object(key_of(object))) return unnamed(asked);
  return body_->ask(asked, update_request(type, object));
}

Result<Json> ApiClient::apply(const ResourceType& type, const Json& object,
                              const ApplyOptions& options) {
  const Asked asked{"apply", type, key_of(object).to_string()};
  if (!names_an_object(key_of(object))) return unnamed(asked);
  return body_->ask(asked, apply_request(type, object, options));
}

Result<Json> ApiClient::merge_patch(const ResourceType& type, const ObjectKey& key,
                                    const Json& patch) {
  const Asked asked{"patch", type, key.to_string()};
  if (!names_an_object(key)) return unnamed(asked);
  return body_->ask(asked, merge_patch_request(type, key, patch));
}

Status ApiClient::remove(const ResourceType& type, const ObjectKey& key,
                         const Precondition& precondition) {
  const Asked asked{"delete", type, key.to_string()};
  if (!names_an_object(key)) return unnamed(asked);
  const auto answer = body_->ask(asked, remove_request(type, key, precondition));
  if (!answer) return fail(answer.error());
  return {};
}

void ApiClient::list(const Selection& selection, const ListRequest& request,
                     std::function<void(Result<ListPage>)> done) {
  body_->list(selection, request, std::move(done));
}

std::unique_ptr<Watch> ApiClient::watch(const Selection& selection, const WatchRequest& request,
                                        WatchReader reader) {
  return body_->watch(selection, request, std::move(reader));
}

}  // namespace dualtrace::kube

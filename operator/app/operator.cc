// SPDX-License-Identifier: Apache-2.0
#include "operator/app/operator.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <utility>

#include "common/io/posix_file_system.h"
#include "common/kube/api_client.h"
#include "common/kube/event_recorder.h"
#include "common/kube/leader_elector.h"
#include "common/log/log.h"
#include "common/net/http_client.h"
#include "common/process/memory.h"
#include "common/random/random.h"
#include "common/time/thread_scheduler.h"
#include "operator/agents/agent_poller.h"
#include "operator/app/cluster.h"
#include "operator/app/fenced_api.h"
#include "operator/app/informers.h"
#include "operator/app/namespace_news.h"
#include "operator/app/probes.h"
#include "operator/app/reviews.h"
#include "operator/app/webhook.h"
#include "operator/census/census_taker.h"
#include "operator/control/controller.h"
#include "operator/control/triggers.h"
#include "operator/control/work_queue.h"
#include "operator/plan/layout.h"
#include "operator/plan/names.h"
#include "operator/reconcile/reconciler.h"

namespace dualtrace::ctl {
namespace {

constexpr const char* kControllerName = "dualtraceexport";
constexpr Duration kSyncCheckInterval = std::chrono::milliseconds(50);
constexpr Duration kGiveBackInterval = std::chrono::seconds(30);
constexpr size_t kMemoryKept = 16 * 1024 * 1024;
constexpr Duration kCensusInterval = std::chrono::seconds(5);
constexpr Duration kNamespacesInterval = std::chrono::seconds(2);
// A user waits at kubectl, and the API server waits for the webhook, for at least a second.
constexpr Duration kLookupTimeout = std::chrono::milliseconds(300);

// The process must end immediately: work in progress may be about to write, and cannot be recalled.
[[noreturn]] void give_up(std::string_view why, const std::string& detail) {
  log_error(why, {{"error", detail}});
  std::_Exit(1);
}

class RunningOperator final : public Operator {
 public:
  RunningOperator(Options options, const Environment& environment, const std::string& version)
      : options_(std::move(options)),
        environment_(environment),
        version_(version),
        identity_(fmt::format("{}_{:016x}", environment.host_name, entropy())) {}
  ~RunningOperator() override;
  RunningOperator(const RunningOperator&) = delete;
  RunningOperator& operator=(const RunningOperator&) = delete;

  Status run();
  void announce() const;
  Status stop() override;
  [[nodiscard]] uint16_t port() const override { return probes_->port(); }

 private:
  Status open_probes();
  Status connect();
  void watch();
  void make_reconciler();
  Status open_webhook();
  // Called on the lifecycle scheduler, one after the other.
  void await_sync();
  void look_after_namespaces();
  void give_back_memory();
  void seek_leadership();
  void lead();
  Result<Next> reconcile(const kube::ObjectKey& key);

  [[nodiscard]] bool leads() const {
    const auto* election = election_.load();
    return !options_.leader_elect || (election != nullptr && election->leading());
  }
  [[nodiscard]] ConsentRules consent() const {
    return {
        .shared_namespaces = {options_.shared_namespaces.begin(), options_.shared_namespaces.end()},
        .as_before = options_.consent_as_before};
  }
  [[nodiscard]] Installation installation() const {
    return {.agent_image = options_.agent_image,
            .consent = consent(),
            .permissions = options_.permissions,
            .agent_defaults = options_.agent_defaults};
  }
  [[nodiscard]] kube::ObjectKey lease() const {
    return {options_.leader_election_namespace, options_.lease_name};
  }
  [[nodiscard]] std::vector<std::string> unsynced() const;
  const Options options_;
  const Environment environment_;
  const std::string version_;
  const std::string identity_;
  SystemClock clock_;
  PosixFileSystem files_;
  MetricRegistry metrics_;
  // They outlive their last callers, and do nothing after that.
  ThreadScheduler watching_{"informers", clock_};
  ThreadScheduler polling_{"agents", clock_};

  // ApiClient → Informers → Triggers → WorkQueue
  WorkQueue queue_{kControllerName, clock_, metrics_};
  std::unique_ptr<kube::ApiClient> api_;
  std::unique_ptr<kube::ApiClient> lease_api_;  // short timeout, so that a hung call can be retried
  std::unique_ptr<kube::ApiClient> lookup_api_;  // even shorter; nullptr without a webhook
  std::unique_ptr<Informers> informers_;
  std::unique_ptr<CensusTaker> census_;  // nullptr without a webhook
  Triggers triggers_{queue_, [this](const std::string& space, const std::string& label) {
                       return informers_->exports_by_label(space, label);
                     }};
  std::atomic<bool> watches_{false};
  std::atomic<bool> synced_{false};  // never reset, even if a namespace is added later

  // WorkQueue → Controller → Reconciler → FencedApi → ApiClient
  std::unique_ptr<FencedApi> fenced_api_;
  std::unique_ptr<kube::EventRecorder> events_;
  std::unique_ptr<NamespaceNews> namespace_news_;  // on the lifecycle scheduler
  std::unique_ptr<AgentPoller> agents_;
  std::unique_ptr<Reconciler> reconciler_;

  // On the lifecycle scheduler and, after that has ended, on the thread that stops.
  const Tick sync_deadline_ = clock_.tick() + options_.sync_timeout;
  std::unique_ptr<kube::LeaderElector> elector_;
  std::atomic<const kube::LeaderElector*> election_{nullptr};  // for readers on other threads
  std::unique_ptr<Controller> controller_;
  ThreadScheduler lifecycle_{"lifecycle", clock_};

  // Serves on each replica, leading or not; reads the informers' stores, and looks up Secrets.
  std::optional<SecretLookup> lookup_;
  std::unique_ptr<Webhook> webhook_;
  std::atomic<const Webhook*> serving_{nullptr};  // for readers on other threads

  bool stopped_ = false;
  std::unique_ptr<Probes> probes_;  // last: its thread reads everything above
};

void RunningOperator::announce() const {
  log_info(
      "operator starting",
      {{"version", version_},
       {"identity", identity_},
       {"watch_namespaces", options_.watch_namespaces.empty()
                                ? "(all)"
                                : fmt::format("{}", fmt::join(options_.watch_namespaces, ","))},
       {"shared_namespaces", fmt::format("{}", fmt::join(options_.shared_namespaces, ","))},
       {"agent_image", options_.agent_image},
       {"leader_elect", options_.leader_elect},
       {"lease", lease().to_string()},
       {"workers", options_.workers}});
}

Status RunningOperator::run() {
  if (Status opened = open_probes(); !opened) return opened;
  if (Status connected = connect(); !connected) return connected;
  watch();
  make_reconciler();
  if (Status opened = open_webhook(); !opened) return opened;
  lifecycle_.post([this] { await_sync(); });
  if (!options_.watch_namespaces.empty()) lifecycle_.post([this] { look_after_namespaces(); });
  return {};
}

// Opened first, so that probes find the process alive and not ready while it starts.
Status RunningOperator::open_probes() {
  auto probes = Probes::start(options_.listen,
                              {.unsynced = [this] { return unsynced(); },
                               .alive =
                                   [this] {
                                     const auto* election = election_.load();
                                     return election == nullptr || election->healthy();
                                   }},
                              metrics_);
  if (!probes) return fail(probes.error());
  probes_ = *std::move(probes);
  log_info("listening", {{"port", probes_->port()}});
  return {};
}

Status RunningOperator::connect() {
  const Result<kube::ClientConfig> cluster = find_cluster(options_, environment_, files_);
  if (!cluster) return fail(cluster.error());
  log_info("serving a cluster", {{"server", cluster->server.origin()}});
  kube::ApiClient::Options calls{.user_agent = kube::user_agent("dualtrace-operator", version_)};
  api_ = std::make_unique<kube::ApiClient>(*cluster, calls, files_, clock_, metrics_);
  calls.call_timeout = options_.renew_deadline / 2;
  lease_api_ = std::make_unique<kube::ApiClient>(*cluster, calls, files_, clock_, metrics_);
  if (options_.webhook.wanted()) {
    calls.call_timeout = kLookupTimeout;
    lookup_api_ = std::make_unique<kube::ApiClient>(*cluster, calls, files_, clock_, metrics_);
    lookup_.emplace(*lookup_api_, clock_, metrics_);
  }
  return {};
}

void RunningOperator::watch() {
  const auto tell = [this](void (Triggers::*trigger)(const kube::Change&)) {
    return [this, trigger](const kube::Change& change) { (triggers_.*trigger)(change); };
  };
  Informers::Listeners listeners{.export_changed = tell(&Triggers::export_changed),
                                 .child_changed = tell(&Triggers::child_changed),
                                 .pod_changed = tell(&Triggers::pod_changed)};
  if (options_.webhook.wanted()) {
    listeners.export_changed = [this](const kube::Change& change) {
      triggers_.export_changed(change);
      census_->something_changed();
    };
    listeners.request_changed = [this] { census_->something_changed(); };
  }
  informers_ = std::make_unique<Informers>(options_.watch_namespaces,
                                           Informers::Parts{.api = *api_,
                                                            .scheduler = watching_,
                                                            .metrics = metrics_,
                                                            .consent = consent(),
                                                            .scope = options_.scope},
                                           std::move(listeners));
  if (options_.webhook.wanted()) {
    census_ = std::make_unique<CensusTaker>(
        kCensusInterval, [this] { return informers_->asking_pods(); }, *informers_, *api_,
        [this] { return leads(); }, watching_,
        [this](const kube::ObjectKey& key) { queue_.add(key); });
  }
  informers_->start();
  watches_ = true;
}

void RunningOperator::make_reconciler() {
  fenced_api_ = std::make_unique<FencedApi>(*api_, [this] { return leads(); });
  events_ = std::make_unique<kube::EventRecorder>(
      kube::EventRecorder::Options{.controller = std::string(kFieldManager), .instance = identity_},
      *fenced_api_, clock_, metrics_);
  namespace_news_ = std::make_unique<NamespaceNews>(
      options_.watch_namespaces, *events_,
      [this](const std::string& name) {
        return leads() ? informers_->exports_of(name) : std::vector<kube::ObjectPointer>();
      },
      metrics_);
  AgentPoller::Options polling{.port = kStatusPort};
  polling.interval = options_.agent_poll_interval;
  agents_ = std::make_unique<AgentPoller>(polling, make_http_client, polling_, entropy(), metrics_,
                                          [this](const kube::ObjectKey& key) { queue_.add(key); });
  Reconciler::Parts parts{.api = *fenced_api_,
                          .cache = *informers_,
                          .events = *events_,
                          .agents = *agents_,
                          .clock = clock_,
                          .metrics = metrics_};
  parts.scope = options_.scope;
  if (options_.leader_elect) parts.lease = lease().to_string();
  if (census_) {
    parts.injection = [this](const kube::ObjectKey& key) { return census_->fact_of(key); };
  }
  reconciler_ = std::make_unique<Reconciler>(installation(), parts, entropy());
}

Status RunningOperator::open_webhook() {
  if (!options_.webhook.wanted()) return {};
  const ClusterDns dns = find_cluster_dns(options_, environment_);
  if (dns.domain.empty()) {
    log_warn("the cluster's domain is not known, so pods get a short name; set --cluster-domain");
  } else {
    log_info("pods get the agents' full name", {{"cluster_domain", dns.domain}});
  }
  auto webhook = Webhook::start(
      options_.webhook, make_reviews(*informers_, installation(), options_.scope, *lookup_, dns),
      {.api = *api_,
       .files = files_,
       .clock = clock_,
       .metrics = metrics_,
       .cluster_domain = dns.domain});
  if (!webhook) return fail(webhook.error());
  webhook_ = *std::move(webhook);
  serving_ = webhook_.get();
  return {};
}

std::vector<std::string> RunningOperator::unsynced() const {
  if (!watches_) return {"everything"};
  std::vector<std::string> missing;
  if (!synced_) missing = informers_->unsynced();
  if (!options_.webhook.wanted()) return missing;
  const Webhook* serving = serving_;
  if (serving == nullptr) return {"everything"};
  for (std::string& one : serving->missing()) missing.push_back(std::move(one));
  return missing;
}

void RunningOperator::await_sync() {
  const std::vector<std::string> missing = informers_->unsynced();
  if (missing.empty()) {
    synced_ = true;
    log_info("synced");
    give_back_memory();
    return options_.leader_elect ? seek_leadership() : lead();
  }
  // Keep waiting if no namespace grants access. An exit would only lead to a restart, and a
  // namespace that grants access later would have to wait for that.
  if (clock_.tick() > sync_deadline_ && informers_->unserved().empty()) {
    give_up("the API server did not list everything in time",
            fmt::format("{}", fmt::join(missing, ", ")));
  }
  lifecycle_.run_after(kSyncCheckInterval, [this] { await_sync(); });
}

void RunningOperator::look_after_namespaces() {
  namespace_news_->note(informers_->unserved());
  lifecycle_.run_after(kNamespacesInterval, [this] { look_after_namespaces(); });
}

// The initial lists and the first reconciliation of everything leave much free memory behind.
void RunningOperator::give_back_memory() {
  give_back_freed_memory(kMemoryKept);
  lifecycle_.run_after(kGiveBackInterval, [this] { give_back_memory(); });
}

void RunningOperator::seek_leadership() {
  auto elector = kube::LeaderElector::start(
      {.lease = lease(),
       .identity = identity_,
       .lease_duration = options_.lease_duration,
       .renew_deadline = options_.renew_deadline,
       .retry_period = options_.retry_period},
      *lease_api_, clock_, entropy(), metrics_,
      {.started = [this] { lifecycle_.post([this] { lead(); }); },
       .stopped =
           [](const Error& why) {
             give_up("exiting, because another replica may lead now", why.message);
           }});
  if (!elector) give_up("the election cannot start", elector.error().message);
  elector_ = *std::move(elector);
  election_ = elector_.get();
}

// The queue still has every key that was added while another replica led.
void RunningOperator::lead() {
  log_info("reconciling", {{"workers", options_.workers}});
  if (census_) census_->something_changed();  // which may now request where pods run
  controller_ = std::make_unique<Controller>(
      Controller::Options{.name = kControllerName,
                          .workers = options_.workers,
                          .resync = options_.resync,
                          .exists =
                              [this](const kube::ObjectKey& key) {
                                return informers_->find_export(key) != nullptr;
                              },
                          .seed = entropy()},
      queue_, [this](const kube::ObjectKey& key) { return reconcile(key); }, clock_, metrics_);
}

// With only half of a namespace listed, the other half would look deleted.
Result<Next> RunningOperator::reconcile(const kube::ObjectKey& key) {
  if (!informers_->knows(key.namespace_name)) return Next::requeue_after(kNamespacesInterval);
  return reconciler_->reconcile(key);
}

Status RunningOperator::stop() {
  if (std::exchange(stopped_, true)) return {};
  lifecycle_.stop();
  if (controller_ && !controller_->stop(clock_.tick() + options_.shutdown_grace)) {
    return fail(ErrorKind::kUnavailable, "an export is still being reconciled");
  }
  if (elector_) elector_->release();
  log_info("stopped");
  return {};
}

RunningOperator::~RunningOperator() {
  ignore(stop(), "callers who need the result have called stop() before");
  probes_.reset();
  watching_.stop();  // before its calls end, which would be reported as failures
  if (api_) api_->cancel();
  if (lookup_api_) lookup_api_->cancel();
  if (webhook_) webhook_->stop();
  polling_.stop();
}

}  // namespace

Result<std::unique_ptr<Operator>> Operator::start(Options options, const Environment& environment,
                                                  const std::string& version) {
  set_log_severity(options.log_level);
  auto made = std::make_unique<RunningOperator>(std::move(options), environment, version);
  made->announce();
  if (Status running = made->run(); !running) return fail(running.error());
  return std::unique_ptr<Operator>(std::move(made));
}

}  // namespace dualtrace::ctl

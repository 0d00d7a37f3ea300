// SPDX-License-Identifier: Apache-2.0
#include "common/kube/leader_elector.h"

#include <pthread.h>

#include <mutex>
#include <thread>
#include <utility>

#include "common/kube/election.h"
#include "common/log/log.h"
#include "common/sync/mutex.h"

namespace dualtrace::kube {
namespace {

Status check(const LeaderElector::Options& options) {
  if (options.identity.empty() || options.lease.name.empty()) {
    return fail(ErrorKind::kInvalid, "leader election: the lease and the identity need a name");
  }
  if (options.lease_duration <= options.renew_deadline) {
    return fail(ErrorKind::kInvalid,
                "leader election: the lease must last longer than the renew deadline");
  }
  if (options.retry_period <= Duration(0) ||
      options.renew_deadline * 5 <= options.retry_period * 6) {
    return fail(ErrorKind::kInvalid,
                "leader election: the renew deadline must be more than 1.2 retry periods");
  }
  return {};
}

class LeaseElector final : public LeaderElector {
 public:
  LeaseElector(Options options, Api& api, Clock& clock, uint64_t seed, MetricRegistry& metrics,
               Callbacks callbacks)
      : identity_(options.identity),
        clock_(clock),
        callbacks_(std::move(callbacks)),
        election_(options, api, clock, seed),
        leadership_(election_.leadership()) {
    metrics.observe(MetricRegistry::ValueType::kGauge, "leader_election_master_status",
                    "1 while this process leads.", {{"name", options.lease.name}},
                    [leadership = leadership_] { return leadership->leading() ? 1.0 : 0.0; });
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "leader-election");
  }
  ~LeaseElector() override { stop(); }
  LeaseElector(const LeaseElector&) = delete;
  LeaseElector& operator=(const LeaseElector&) = delete;

  [[nodiscard]] bool leading() const override { return leadership_->leading(); }
  [[nodiscard]] bool healthy() const override { return leadership_->healthy(); }
  void release() override {
    stop();
    std::call_once(released_, [this] {
      const Status released = election_.release();
      if (!released) {
        log_warn("the lease could not be released and has to expire",
                 {{"error", released.error().message}});
      }
    });
  }

 private:
  void run() {
    while (!is_stopping()) {
      const Election::Round round = election_.round();
      if (round.standing == Election::Standing::kLost) return lose(*round.error);
      note(round);
      wait(round.wait);
    }
  }

  void note(const Election::Round& round) {
    const bool leads = round.standing == Election::Standing::kLeading;
    if (round.error && (leads || round.error->kind != ErrorKind::kConflict)) {
      if (const auto unsaid = warn_limiter_.allow(clock_.tick())) {
        log_warn("the lease could not be acquired or renewed; retrying",
                 {{"error", round.error->message}, {"unsaid", *unsaid}});
      }
    }
    if (!leads && holder_ != election_.holder()) {
      holder_ = election_.holder();
      log_info("another process leads", {{"holder", holder_}, {"identity", identity_}});
    }
    if (leads && !std::exchange(led_, true)) {
      log_info("this process leads", {{"identity", identity_}});
      if (callbacks_.started) callbacks_.started();
    }
  }

  void lose(const Error& error) {
    log_error("leadership was lost", {{"error", error.message}, {"identity", identity_}});
    if (callbacks_.stopped) callbacks_.stopped(error);
  }

  void wait(Duration delay) {
    const Tick until = clock_.tick() + delay;
    const Lock lock(mutex_);
    while (!stopping_ && clock_.tick() < until) changed_.wait_until(mutex_, until);
  }

  bool is_stopping() {
    const Lock lock(mutex_);
    return stopping_;
  }

  void stop() {
    {
      const Lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    std::call_once(joined_, [this] { thread_.join(); });
  }

  // Constant after construction.
  const std::string identity_;
  Clock& clock_;
  const Callbacks callbacks_;

  // The elector's thread, and release() after that has ended.
  Election election_;
  std::string holder_;
  bool led_ = false;
  LogLimiter warn_limiter_{std::chrono::seconds(10)};

  const std::shared_ptr<const Leadership> leadership_;
  std::once_flag joined_;
  std::once_flag released_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ DT_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<LeaderElector>> LeaderElector::start(Options options, Api& api, Clock& clock,
                                                            uint64_t seed, MetricRegistry& metrics,
                                                            Callbacks callbacks) {
  if (const Status checked = check(options); !checked) return fail(checked.error());
  return std::unique_ptr<LeaderElector>(std::make_unique<LeaseElector>(
      std::move(options), api, clock, seed, metrics, std::move(callbacks)));
}

}  // namespace dualtrace::kube

// SPDX-License-Identifier: Apache-2.0
#pragma once
// CertificateKeeper: maintains the webhook's certificates according to rotation.h: reads the
// configurations and the Secret, takes the next step, repeats. Each replica has one; they
// coordinate through the Secret's resourceVersion. The leaf and its key exist only in memory.
// operator/app calls round() on its own thread.
//
// Errors: none ends it. A failed step is retried, soon at first and then less often. A conflict
// means that another replica was faster, and does not count as a failure.
// round() and the constructor: used from one thread; the rest is thread-safe.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/kube/api.h"
#include "common/log/log.h"
#include "common/metric/metric.h"
#include "common/random/random.h"
#include "common/time/clock.h"
#include "operator/certs/rotation.h"

namespace dualtrace::ctl {

class CertificateKeeper {
 public:
  struct Options {
    std::vector<std::string> names;  // of the webhook's Service
    kube::ObjectKey secret;
    std::string configuration;  // the name of both webhook configurations
    RotationRules rules{};
    Duration look_interval = std::chrono::seconds(10);
  };
  using Show = std::function<Status(const TlsIdentity&)>;

  // The references outlive it. `show` is called within round(), with each new leaf.
  CertificateKeeper(Options options, kube::Api& api, Clock& clock, uint64_t seed,
                    MetricRegistry& metrics, Show show);
  CertificateKeeper(const CertificateKeeper&) = delete;
  CertificateKeeper& operator=(const CertificateKeeper&) = delete;

  // Checks the state, and takes the steps that are due. Returns how long to wait before the next
  // round. Blocks for the calls of the API.
  Duration round();

  // Whether every entry of a configuration has trusted the served certificate; never reset.
  [[nodiscard]] bool ready() const { return ready_; }
  // What is missing until then, as a message for people.
  [[nodiscard]] std::string_view missing() const;

 private:
  struct Seen {  // a webhook configuration
    kube::ResourceType type;
    Json object;  // null: it does not exist
  };
  enum class Missing { kNotLooked, kNoConfiguration, kNotTrusted, kNothing };

  Result<RotationStep> look_and_step();
  // The configurations before the Secret: see rotation.h.
  Status look_at_configurations();
  Status look_at_secret();
  void look_at_trust();
  Status take(RotationStep step);
  Status store(Authorities authorities);
  Status publish();
  Status issue_leaf();
  Status replace_authorities();
  void report();
  Duration after_failure(const Error& error);

  const Options options_;
  kube::Api& api_;
  Clock& clock_;
  MetricRegistry& metrics_;
  const Show show_;
  Random random_;
  LogLimiter failure_log_;
  uint32_t failures_ = 0;

  std::vector<Seen> configurations_;
  std::string secret_version_;             // "": no Secret
  std::vector<Certificate> last_trusted_;  // of the last intact Secret
  RotationFacts facts_;

  std::atomic<bool> ready_{false};
  std::atomic<Missing> missing_{Missing::kNotLooked};
  std::atomic<bool> trusted_{false};
  std::atomic<double> leaf_end_{0};
  std::atomic<double> authority_end_{0};
};

}  // namespace dualtrace::ctl

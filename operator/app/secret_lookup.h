// SPDX-License-Identifier: Apache-2.0
#pragma once
// SecretLookup: whether there is a Secret that an export names, asked while somebody waits for the
// export to be admitted. Only its metadata travels. Where the operator may not look, or is not told
// in time, it does not know, and nobody is the worse for it.
// Thread-safe. Blocks for at most what is left until `wait_until` and one call of the api.

#include <optional>

#include "common/kube/api.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

class SecretLookup {
 public:
  // All outlive it; the api's calls are to be short.
  SecretLookup(kube::Api& api, Clock& clock, MetricRegistry& metrics)
      : api_(api), clock_(clock), metrics_(metrics) {}

  // nullopt: not known.
  [[nodiscard]] std::optional<bool> has(const kube::ObjectKey& secret, Tick wait_until) const;

 private:
  void count(const char* result) const;

  kube::Api& api_;
  Clock& clock_;
  MetricRegistry& metrics_;
};

}  // namespace dualtrace::ctl

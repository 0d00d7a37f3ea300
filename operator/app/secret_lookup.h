// SPDX-License-Identifier: Apache-2.0
#pragma once
// SecretLookup: whether a Secret that an export names exists, looked up during the export's
// admission. Only its metadata is requested. If the operator may not look, or gets no answer in
// time, the result is "not known", and the export is admitted without a warning.
// Thread-safe. Blocks at most until `wait_until` plus one call of the api.

#include <optional>

#include "common/kube/api.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

class SecretLookup {
 public:
  // All outlive it; the api's calls should be short.
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

// SPDX-License-Identifier: Apache-2.0
#pragma once
// SameNodeTraffic: whether the API server accepts `trafficDistribution: PreferSameNode` on a
// Service. Found out with a dry run of that Service instead of the server's version, because the
// feature can be switched off. "Yes" is kept; after "no", the dry run is repeated from time to
// time, because clusters are upgraded. Used by Reconciler. Thread-safe. Blocks on the API server.

#include <optional>

#include "common/json/json.h"
#include "common/kube/api.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

class SameNodeTraffic {
 public:
  SameNodeTraffic(kube::Api& api, Clock& clock) : api_(api), clock_(clock) {}

  // `service` has the field. Fails if the API server cannot answer now.
  Result<bool> is_taken(const Json& service);

 private:
  std::optional<bool> known() const;

  kube::Api& api_;
  Clock& clock_;
  mutable Mutex mutex_;
  std::optional<bool> taken_ DT_GUARDED_BY(mutex_);
  Tick asked_ DT_GUARDED_BY(mutex_){};
};

}  // namespace dualtrace::ctl

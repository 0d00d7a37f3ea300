// SPDX-License-Identifier: Apache-2.0
#pragma once
// Belonging: which operator an export belongs to if several could serve it because they have no
// classes. It belongs to the operator whose Lease status.operator names, for as long as that
// operator runs. Any other operator leaves the children and the status alone, so that two operators
// never undo each other's work. An operator no longer runs, and loses the export, if its Lease is
// gone, is held by nobody, or has not been renewed for a long time.
// Two operators that claim an export at the same moment both read the claim that was written last.
// An operator whose Lease may not be read counts as running.
// Thread-safe. Blocks on the API server.

#include <map>
#include <string>

#include "common/json/json.h"
#include "common/kube/api.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

class Belonging {
 public:
  // `own`: "namespace/name" of the Lease with which this operator leads; "": it leads without one,
  // and claims nothing. The references outlive it.
  Belonging(kube::Api& api, Clock& clock, std::string own);

  // The Lease of the other operator that the export belongs to, if that one runs; "" otherwise.
  [[nodiscard]] std::string other(const Json& object);
  // The value for status.operator; "": none.
  [[nodiscard]] const std::string& own() const { return own_; }

 private:
  [[nodiscard]] bool runs(const std::string& lease);
  [[nodiscard]] bool is_held(const Json& lease) const;

  kube::Api& api_;
  Clock& clock_;
  const std::string own_;

  struct Verdict {
    bool runs = true;
    Tick until{};
  };
  Mutex mutex_;
  std::map<std::string, Verdict> verdicts_ DT_GUARDED_BY(mutex_);  // by Lease
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Belonging: whose an export is where several operators would serve it, because nobody gave them
// classes. It belongs to the one that status.operator names, by its Lease, for as long as that
// runs: whoever else finds it leaves children and status alone, so that nobody undoes what another
// does. One that has ended gives it up: its Lease is gone, is held by nobody, or was not renewed
// for long.
// Two that claim it in the same moment both read what was written last. An operator whose Lease may
// not be read counts as running.
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
  // `own`: "namespace/name" of the Lease by which this operator leads; "": it leads without one,
  // and claims nothing. The references outlive it.
  Belonging(kube::Api& api, Clock& clock, std::string own);

  // Whose the export is, if it is another's who runs; "" otherwise.
  [[nodiscard]] std::string other(const Json& object);
  // What status.operator is to say; "": nothing.
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

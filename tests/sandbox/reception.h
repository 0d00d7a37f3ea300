#pragma once
// Reception: what happens to every request, whichever way it came: faults → limits → headers →
// spans → storage → answer. The endpoints only carry bytes in and answers out. Thread-safe.

#include <memory>
#include <string>
#include <vector>

#include "common/sync/mutex.h"
#include "common/time/scheduler.h"
#include "tests/sandbox/access.h"
#include "tests/sandbox/answer.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/storage.h"

namespace dualtrace::sandbox {

class Reception {
 public:
  // All outlive the reception; delayed answers wait on `scheduler`.
  Reception(AccessBook& access, Faults& faults, Storage& storage, Scheduler& scheduler);

  // Takes any time the decoding takes; the answer comes later, from another thread.
  void receive(Arrival arrival, std::shared_ptr<Responder> responder);

  // Closes the connections that black holes of that destination hold.
  void release_held(Destination destination);

 private:
  struct Case;

  // Each fills in the case's answer when it ends the matter, and then returns false.
  bool pass_faults(Case& current);
  bool pass_limits(Case& current);
  bool pass_headers(Case& current);
  bool pass_spans(Case& current);
  void settle(Case current);
  void store(Case current);

  AccessBook& access_;
  Faults& faults_;
  Storage& storage_;
  Scheduler& scheduler_;

  Mutex mutex_;
  std::vector<std::pair<Destination, std::shared_ptr<Responder>>> held_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::sandbox

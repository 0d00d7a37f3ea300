// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reception: handles every request, whichever endpoint it came from: faults → limits → headers →
// spans → storage → answer. The endpoints only transport bytes and answers. Thread-safe.

#include <memory>

#include "common/time/scheduler.h"
#include "tests/sandbox/access.h"
#include "tests/sandbox/answer.h"
#include "tests/sandbox/credential_uses.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/held_connections.h"
#include "tests/sandbox/storage.h"
#include "tests/sandbox/token_book.h"

namespace dualtrace::sandbox {

class Reception {
 public:
  struct Parts {  // all must outlive the reception
    AccessBook& access;
    Faults& faults;
    TokenBook& tokens;
    CredentialUses& uses;
    HeldConnections& held;
    Storage& storage;
    Scheduler& scheduler;  // runs delayed answers
  };
  explicit Reception(Parts parts);

  // Blocks for as long as decoding takes; the answer comes later, from another thread.
  void receive(Arrival arrival, std::shared_ptr<Responder> responder);

 private:
  struct Case;

  // If it decides the request, each fills in the case's answer and returns false.
  bool pass_faults(Case& current);
  bool pass_limits(Case& current);
  bool pass_headers(Case& current);
  bool pass_spans(Case& current);
  void count_credential(const Case& current);
  void settle(Case current);
  void store(Case current);

  AccessBook& access_;
  Faults& faults_;
  TokenBook& tokens_;
  CredentialUses& uses_;
  HeldConnections& held_;
  Storage& storage_;
  Scheduler& scheduler_;
};

}  // namespace dualtrace::sandbox

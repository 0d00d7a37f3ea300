// SPDX-License-Identifier: Apache-2.0
#pragma once
// Admin: the HTTP API by which tests and people inspect the sandbox and inject faults.
// README.md lists the calls.
// Thread-safe.

#include <functional>
#include <string>

#include "common/net/http_server.h"
#include "common/time/scheduler.h"
#include "tests/sandbox/access.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/listeners.h"
#include "tests/sandbox/queries.h"
#include "tests/sandbox/storage.h"
#include "tests/sandbox/workspace_http.h"

namespace dualtrace::sandbox {

class Admin {
 public:
  struct Parts {  // all must outlive the admin
    AccessBook& access;
    Faults& faults;
    TokenBook& tokens;
    CredentialUses& uses;
    HeldConnections& held;
    Storage& storage;
    Queries& queries;
    WorkspaceHttp& workspace;
    Listeners& listeners;  // used on `scheduler` only
    Scheduler& scheduler;
  };

  explicit Admin(Parts parts) : parts_(parts) {}

  void handle(HttpServerRequest request, HttpReplier replier);

 private:
  using Replier = std::shared_ptr<HttpReplier>;

  void read(const HttpServerRequest& request, Replier replier);
  void write(const HttpServerRequest& request, Replier replier);
  void end_tokens(const HttpServerRequest& request, HttpReplier& replier);
  void set_fault(Destination destination, Fault fault, Replier replier);
  void clear_faults(Destination destination, Replier replier);
  void reset(Replier replier);
  // Runs on the scheduler's thread; retries until the ports are free.
  void reopen(Destination destination);

  const Parts parts_;
};

}  // namespace dualtrace::sandbox

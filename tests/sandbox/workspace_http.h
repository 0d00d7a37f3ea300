// SPDX-License-Identifier: Apache-2.0
#pragma once
// WorkspaceHttp: the endpoints of a Databricks workspace other than the one for spans: the token
// endpoint, the discovery document with its address, and the metastore summary with the region. The
// faults "token" and "discovery" apply to them. Thread-safe.

#include <map>
#include <string>

#include "common/net/http_server.h"
#include "common/sync/mutex.h"
#include "common/time/scheduler.h"
#include "tests/sandbox/access.h"
#include "tests/sandbox/credential_uses.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/held_connections.h"
#include "tests/sandbox/token_book.h"

namespace dualtrace::sandbox {

struct TokenStats {
  uint64_t requests = 0;
  uint64_t granted = 0;
  std::map<std::string, uint64_t> refused{};  // by error code
};

class WorkspaceHttp {
 public:
  struct Parts {  // all must outlive this
    AccessBook& access;
    Faults& faults;
    TokenBook& tokens;
    CredentialUses& uses;
    HeldConnections& held;
    Scheduler& scheduler;  // runs delayed answers
    std::string scheme;    // "http" or "https", for the URLs in the discovery document
  };
  explicit WorkspaceHttp(Parts parts) : parts_(std::move(parts)) {}

  // Whether a request with this path belongs here.
  [[nodiscard]] static bool answers(std::string_view path);
  void handle(const HttpServerRequest& request, HttpReplier replier);

  [[nodiscard]] TokenStats stats() const;
  void forget();

 private:
  HttpServerResponse answer(const HttpServerRequest& request);
  HttpServerResponse grant_token(const HttpServerRequest& request);
  HttpServerResponse describe_host(const HttpServerRequest& request) const;
  HttpServerResponse summarize_metastore(const HttpServerRequest& request);
  void count(const std::string& error);

  const Parts parts_;
  mutable Mutex mutex_;
  TokenStats stats_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::sandbox

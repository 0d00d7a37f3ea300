// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sandbox: assembles both destinations and the admin API in one process.
// Used from one thread.

#include <memory>

#include "common/time/thread_scheduler.h"
#include "tests/sandbox/admin.h"
#include "tests/sandbox/options.h"

namespace dualtrace::sandbox {

class Sandbox {
 public:
  // On return, everything listens, and ports.json in the folder lists the ports.
  static Result<std::unique_ptr<Sandbox>> start(const Options& options);
  ~Sandbox();

  [[nodiscard]] const DestinationPorts& ports() const { return listeners_.ports(); }
  [[nodiscard]] uint16_t admin_port() const { return admin_server_->port(); }

 private:
  Sandbox(const Options& options, std::optional<TlsServerOptions> tls,
          std::unique_ptr<Storage> storage, std::unique_ptr<Queries> queries);
  Status listen(const Options& options);

  SystemClock clock_;
  AccessBook access_;
  Faults faults_;
  TokenBook tokens_;
  CredentialUses uses_;
  HeldConnections held_;
  std::unique_ptr<Queries> queries_;
  ThreadScheduler scheduler_;
  std::unique_ptr<Storage> storage_;
  Reception reception_;
  WorkspaceHttp workspace_;
  Listeners listeners_;
  Admin admin_;
  std::unique_ptr<HttpServer> admin_server_;
};

}  // namespace dualtrace::sandbox

// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/sandbox.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/sandbox/certificates.h"
#include "tests/sandbox/files.h"

namespace dualtrace::sandbox {

Result<std::unique_ptr<Sandbox>> Sandbox::start(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) return fail(ErrorKind::kInternal, options.folder + ": " + error.message());
  const std::string file = options.folder + "/spans.db";
  auto storage = Storage::open(file, options.keep_bodies);
  if (!storage) return fail(storage.error());
  auto queries = Queries::open(file);
  if (!queries) return fail(queries.error());
  std::optional<TlsServerOptions> tls;
  if (options.tls) {
    auto prepared = prepare_certificates(options.folder, options.names);
    if (!prepared) return fail(prepared.error());
    tls = *std::move(prepared);
  }
  std::unique_ptr<Sandbox> sandbox(
      new Sandbox(options, std::move(tls), *std::move(storage), *std::move(queries)));
  if (auto listening = sandbox->listen(options); !listening) return fail(listening.error());
  return sandbox;
}

Sandbox::Sandbox(const Options& options, std::optional<TlsServerOptions> tls,
                 std::unique_ptr<Storage> storage, std::unique_ptr<Queries> queries)
    : access_(options.access),
      faults_(clock_),
      queries_(std::move(queries)),
      scheduler_("control", clock_),
      storage_(std::move(storage)),
      reception_({.access = access_,
                  .faults = faults_,
                  .tokens = tokens_,
                  .uses = uses_,
                  .held = held_,
                  .storage = *storage_,
                  .scheduler = scheduler_}),
      workspace_({.access = access_,
                  .faults = faults_,
                  .tokens = tokens_,
                  .uses = uses_,
                  .held = held_,
                  .scheduler = scheduler_,
                  .scheme = tls ? "https" : "http"}),
      listeners_(options.listen, std::move(tls), options.ports, reception_, workspace_),
      admin_({.access = access_,
              .faults = faults_,
              .tokens = tokens_,
              .uses = uses_,
              .held = held_,
              .storage = *storage_,
              .queries = *queries_,
              .workspace = workspace_,
              .listeners = listeners_,
              .scheduler = scheduler_}) {}

// First stop the callers, then the scheduler that works on the listeners, then the listeners.
Sandbox::~Sandbox() {
  admin_server_.reset();
  scheduler_.stop();
}

Status Sandbox::listen(const Options& options) {
  for (const Destination destination : kDestinations)
    if (auto opened = listeners_.open(destination); !opened) return opened;
  auto admin =
      HttpServer::start({.listen = {options.listen, options.admin_port}, .thread_name = "admin"},
                        [this](HttpServerRequest request, HttpReplier replier) {
                          admin_.handle(std::move(request), std::move(replier));
                        });
  if (!admin) return fail(admin.error().with_prefix("admin: "));
  admin_server_ = *std::move(admin);
  nlohmann::json where{{"arize_grpc", ports().arize_grpc},
                       {"arize_http", ports().arize_http},
                       {"databricks", ports().databricks},
                       {"zerobus", ports().zerobus},
                       {"admin", admin_port()}};
  if (options.tls) where["ca_file"] = std::filesystem::absolute(options.folder + "/ca.pem");
  return write_text(options.folder + "/ports.json", where.dump() + "\n");
}

}  // namespace dualtrace::sandbox

// SPDX-License-Identifier: Apache-2.0
#include "operator/app/probes.h"

#include <fmt/format.h>

#include <utility>

namespace dualtrace::ctl {
namespace {

HttpServerResponse readyz(const Health& health) {
  const std::vector<std::string> unsynced = health.unsynced();
  if (unsynced.empty()) return {.body = "ok\n"};
  return {.status = 503, .body = fmt::format("not synced: {}\n", fmt::join(unsynced, ", "))};
}

HttpServerResponse livez(const Health& health) {
  if (health.alive()) return {.body = "ok\n"};
  return {.status = 503, .body = "the lease has not been renewed for too long\n"};
}

}  // namespace

HttpServerResponse answer_probe(const std::string& method, const std::string& path,
                                const Health& health, const MetricRegistry& metrics) {
  if (path != "/metrics" && path != "/livez" && path != "/readyz") {
    return {.status = 404, .body = "not found\n"};
  }
  if (method != "GET") {
    return {.status = 405, .headers = {{"Allow", "GET"}}, .body = "method not allowed\n"};
  }
  if (path == "/livez") return livez(health);
  if (path == "/readyz") return readyz(health);
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics.text()};
}

Result<std::unique_ptr<Probes>> Probes::start(const HostPort& listen, Health health,
                                              const MetricRegistry& metrics) {
  auto server = HttpServer::start(
      {.listen = listen, .connections_max = 64, .thread_name = "probes"},
      [health = std::move(health), &metrics](const HttpServerRequest& request,
                                             HttpReplier replier) {
        replier.reply(answer_probe(request.method, request.path, health, metrics));
      });
  if (!server) return fail(server.error().with_prefix("--listen: "));
  return std::unique_ptr<Probes>(new Probes(*std::move(server)));
}

}  // namespace dualtrace::ctl

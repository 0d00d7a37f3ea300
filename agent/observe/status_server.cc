// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/status_server.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "agent/observe/page.h"
#include "agent/observe/snapshot_report.h"

namespace dualtrace::agent {

Observer::Observer(TakeSnapshot snapshot, Heartbeats& heartbeats, MetricRegistry& metrics)
    : snapshot_(std::move(snapshot)),
      heartbeats_(heartbeats),
      registry_(metrics),
      metrics_(metrics) {}

HttpServerResponse Observer::respond(const std::string& method, const std::string& path) {
  constexpr std::array<std::string_view, 6> kPaths = {"/",       "/metrics",         "/livez",
                                                      "/readyz", "/readyz/receiver", "/status"};
  if (std::find(kPaths.begin(), kPaths.end(), path) == kPaths.end())
    return {.status = 404, .body = "not found\n"};
  if (method != "GET") {
    return {.status = 405, .headers = {{"Allow", "GET"}}, .body = "method not allowed\n"};
  }
  if (path == "/metrics") return metrics_text();
  if (path == "/livez") return livez();
  if (path == "/readyz") return readyz();
  if (path == "/readyz/receiver") return receiver_readyz();
  if (path == "/status") {
    return {.content_type = "application/json", .body = report::to_json(report_of(snapshot_()))};
  }
  return {.content_type = "text/html; charset=utf-8",
          .headers = {{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"},
                      {"X-Content-Type-Options", "nosniff"}},
          .body = status_page(snapshot_())};
}

HttpServerResponse Observer::metrics_text() {
  metrics_.refresh(snapshot_());
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = registry_.text()};
}

HttpServerResponse Observer::livez() {
  const std::vector<std::string> stuck = heartbeats_.stuck();
  if (stuck.empty()) return {.body = "ok\n"};
  std::string body = "stuck:";
  for (const std::string& name : stuck) body += " " + name;
  return {.status = 503, .body = body + "\n"};
}

HttpServerResponse Observer::readyz() const {
  const auto unready = why_not_ready(snapshot_());
  if (!unready) return {.body = "ok\n"};
  return {.status = 503, .body = *unready + "\n"};
}

HttpServerResponse Observer::receiver_readyz() const {
  if (snapshot_().listening) return {.body = "ok\n"};
  return {.status = 503, .body = "the receiver is not listening\n"};
}

Result<std::unique_ptr<StatusServer>> StatusServer::start(const HostPort& listen,
                                                          Observer& observer) {
  auto server =
      HttpServer::start({.listen = listen, .connections_max = 64, .thread_name = "status"},
                        [&observer](const HttpServerRequest& request, HttpReplier replier) {
                          replier.reply(observer.respond(request.method, request.path));
                        });
  if (!server) return fail(server.error().with_prefix("status server: "));
  return std::unique_ptr<StatusServer>(new StatusServer(*std::move(server)));
}

}  // namespace dualtrace::agent

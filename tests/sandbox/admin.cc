// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/admin.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "common/log/log.h"
#include "tests/sandbox/form.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

constexpr auto kReopenDelay = std::chrono::milliseconds(100);

HttpServerResponse json_response(std::string body) {
  return {.content_type = "application/json", .body = std::move(body)};
}

HttpServerResponse error_response(const Error& error) {
  const int status = error.kind == ErrorKind::kInvalid    ? 400
                     : error.kind == ErrorKind::kNotFound ? 404
                                                          : 500;
  return {.status = status, .body = error.message + "\n"};
}

HttpServerResponse to_response(Result<std::string> body, const std::string& content_type) {
  if (!body) return error_response(body.error());
  return {.content_type = content_type, .body = *std::move(body)};
}

HttpServerResponse to_response(const Status& status) {
  return status ? json_response("{}\n") : error_response(status.error());
}

int64_t limit_of(std::string_view query) {
  int64_t limit = SpanFilter().limit;
  if (const auto text = query_member(query, "limit"))
    std::from_chars(text->data(), text->data() + text->size(), limit);
  return limit;
}

json uses_json(const CredentialUses& uses, Destination destination) {
  json all = json::object();
  for (const auto& [name, use] : uses.of(destination))
    all[name] = {{"accepted", use.accepted},
                 {"refused", use.refused},
                 {"last_used_unix_nano", unix_nanos(use.last_used)}};
  return all;
}

std::string stats_json(const Admin::Parts& parts) {
  json all = json::object();
  for (const Destination destination : kDestinations) {
    const DestinationStats stats = parts.storage.stats(destination);
    all[std::string(to_string(destination))] = {
        {"requests", stats.requests},
        {"spans", stats.spans},
        {"unique", stats.unique},
        {"duplicates", stats.duplicates()},
        {"exact_duplicates", stats.exact_duplicates},
        {"rejected", stats.rejected},
        {"swallowed", stats.swallowed},
        {"refused", stats.refused},
        {"credentials", uses_json(parts.uses, destination)}};
  }
  const TokenStats tokens = parts.workspace.stats();
  all[std::string(to_string(Destination::kToken))] = {
      {"requests", tokens.requests},
      {"granted", tokens.granted},
      {"refused", tokens.refused},
      {"credentials", uses_json(parts.uses, Destination::kToken)}};
  return all.dump() + "\n";
}

// Why the fault would have no effect there; nothing if it has one.
std::optional<std::string> misplaced(Destination destination, FaultKind kind) {
  if (kind == FaultKind::kGrant && destination != Destination::kToken)
    return "only the token endpoint grants tokens\n";
  if (has_ports(destination) || kind == FaultKind::kGrant) return std::nullopt;
  if (kind == FaultKind::kRefuse)
    return "it shares the port of databricks: make that refuse, or cut its connections\n";
  if (kind == FaultKind::kPartial || kind == FaultKind::kLimit || kind == FaultKind::kPoison)
    return "it takes no spans\n";
  return std::nullopt;
}

// {"client_id": "…"}, or {} for the tokens of all clients.
Result<std::string> read_client_id(const std::string& body) {
  const json members = json::parse(body.empty() ? "{}" : body, nullptr, false);
  if (!members.is_object()) return fail(ErrorKind::kInvalid, "not a JSON object");
  std::string client_id;
  for (const auto& [name, value] : members.items()) {
    if (name != "client_id" || !value.is_string())
      return fail(ErrorKind::kInvalid, "the only member is \"client_id\", a text");
    client_id = value.get<std::string>();
  }
  return client_id;
}

}  // namespace

void Admin::handle(HttpServerRequest request, HttpReplier replier) {
  auto shared = std::make_shared<HttpReplier>(std::move(replier));
  if (request.method == "GET") return read(request, std::move(shared));
  if (request.method == "POST") return write(request, std::move(shared));
  shared->reply({.status = 405, .headers = {{"Allow", "GET, POST"}}});
}

void Admin::read(const HttpServerRequest& request, Replier replier) {
  if (request.path == "/readyz") return replier->reply({.body = "ok\n"});
  if (request.path == "/stats") return replier->reply(json_response(stats_json(parts_)));
  if (request.path == "/tokens")
    return replier->reply(json_response(json(parts_.tokens.all()).dump() + "\n"));
  if (request.path == "/faults")
    return replier->reply(json_response(parts_.faults.to_json() + "\n"));
  const std::string destination = query_member(request.query, "destination").value_or("");
  if (!destination.empty() && !parse_destination(destination))
    return replier->reply({.status = 400, .body = "destination is arize, databricks or zerobus\n"});
  if (request.path == "/ids") {
    if (destination.empty())
      return replier->reply({.status = 400, .body = "?destination= is needed\n"});
    return replier->reply(to_response(parts_.queries.ids(destination), "text/plain"));
  }
  if (request.path == "/spans") {
    SpanFilter filter{.trace_id = query_member(request.query, "trace_id"),
                      .name = query_member(request.query, "name"),
                      .limit = limit_of(request.query)};
    if (!destination.empty()) filter.destination = destination;
    return replier->reply(to_response(parts_.queries.spans(filter), "application/json"));
  }
  if (request.path == "/requests")
    return replier->reply(to_response(parts_.queries.requests(destination, limit_of(request.query)),
                                      "application/json"));
  replier->reply({.status = 404, .body = "no such call\n"});
}

void Admin::write(const HttpServerRequest& request, Replier replier) {
  constexpr std::string_view kFaults = "/faults/";
  if (request.path == "/reset") return reset(std::move(replier));
  if (request.path == "/credentials")
    return replier->reply(to_response(parts_.access.update(request.body)));
  if (request.path == "/tokens/revoke" || request.path == "/tokens/expire")
    return end_tokens(request, *replier);
  if (!request.path.starts_with(kFaults))
    return replier->reply({.status = 404, .body = "no such call\n"});
  const auto destination =
      parse_fault_target(std::string_view(request.path).substr(kFaults.size()));
  if (!destination) return replier->reply({.status = 404, .body = "no such destination\n"});
  auto fault = parse_fault(request.body);
  if (!fault) return replier->reply(error_response(fault.error()));
  if (!*fault) return clear_faults(*destination, std::move(replier));
  set_fault(*destination, **std::move(fault), std::move(replier));
}

void Admin::end_tokens(const HttpServerRequest& request, HttpReplier& replier) {
  const auto client_id = read_client_id(request.body);
  if (!client_id) return replier.reply(error_response(client_id.error()));
  const size_t ended = request.path == "/tokens/revoke"
                           ? parts_.tokens.revoke(*client_id)
                           : parts_.tokens.expire(*client_id, parts_.scheduler.clock().wall());
  replier.reply(json_response(json{{"tokens", ended}}.dump() + "\n"));
}

void Admin::set_fault(Destination destination, Fault fault, Replier replier) {
  const bool refuse = fault.kind == FaultKind::kRefuse;
  if (const auto refused = misplaced(destination, fault.kind))
    return replier->reply({.status = 400, .body = *refused});
  const std::optional<Duration> duration = fault.duration;
  parts_.faults.set(destination, std::move(fault));
  if (!refuse) return replier->reply(json_response("{}\n"));
  parts_.scheduler.post([this, destination, duration, replier] {
    parts_.listeners.close(destination);
    if (duration)
      parts_.scheduler.run_after(*duration, [this, destination] { reopen(destination); });
    replier->reply(json_response("{}\n"));
  });
}

void Admin::clear_faults(Destination destination, Replier replier) {
  parts_.faults.clear(destination);
  parts_.held.release(destination);
  parts_.scheduler.post([this, destination, replier] {
    reopen(destination);
    replier->reply(json_response("{}\n"));
  });
}

void Admin::reset(Replier replier) {
  for (const Destination destination : kFaultTargets) {
    parts_.faults.clear(destination);
    parts_.held.release(destination);
  }
  parts_.uses.forget();
  parts_.workspace.forget();
  parts_.scheduler.post([this, replier] {
    for (const Destination destination : kDestinations) reopen(destination);
    parts_.storage.reset(
        [replier](const Status& forgotten) { replier->reply(to_response(forgotten)); });
  });
}

void Admin::reopen(Destination destination) {
  // Another refusal may have been set since this was scheduled.
  if (parts_.faults.peek(destination, FaultKind::kRefuse)) return;
  if (auto opened = parts_.listeners.open(destination); !opened) {
    log_warn("cannot listen again yet", {{"error", opened.error().message}});
    parts_.scheduler.run_after(kReopenDelay, [this, destination] { reopen(destination); });
  }
}

}  // namespace dualtrace::sandbox

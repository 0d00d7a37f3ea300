// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/workspace_http.h"

#include <nlohmann/json.hpp>

#include "tests/sandbox/databricks_rules.h"
#include "tests/sandbox/http_responder.h"
#include "tests/sandbox/token_request.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

constexpr std::string_view kTokenPath = "/oidc/v1/token";
constexpr std::string_view kConfigPath = "/.well-known/databricks-config";
constexpr std::string_view kMetastorePath = "/api/2.1/unity-catalog/metastore_summary";

HttpServerResponse json_answer(const json& body, int status = 200) {
  // The answer must not be cached: RFC 6749, 5.1.
  return {.status = status,
          .content_type = "application/json",
          .headers = {{"Cache-Control", "no-store"}},
          .body = body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

HttpServerResponse oauth_error(int status, const std::string& error,
                               const std::string& description) {
  return json_answer({{"error", error}, {"error_description", description}}, status);
}

HttpServerResponse api_error(const Answer& answer) {
  return {.status = answer.http_status,
          .content_type = "application/json",
          .body = databricks_error_body(answer)};
}

HttpServerResponse fault_response(const Answer& answer, Destination target) {
  HttpServerResponse response =
      target == Destination::kToken
          ? oauth_error(answer.http_status, "temporarily_unavailable", answer.message)
          : api_error(answer);
  apply_overrides(answer, response);
  return response;
}

}  // namespace

bool WorkspaceHttp::answers(std::string_view path) {
  return path == kTokenPath || path == kConfigPath || path == kMetastorePath;
}

void WorkspaceHttp::handle(const HttpServerRequest& request, HttpReplier replier) {
  const Destination target =
      request.path == kTokenPath ? Destination::kToken : Destination::kDiscovery;
  auto shared = std::make_shared<HttpReplier>(std::move(replier));
  const auto slow = parts_.faults.take(target, FaultKind::kSlow);
  if (parts_.faults.take(target, FaultKind::kBlackhole)) {
    if (target == Destination::kToken) count("blackhole");
    return parts_.held.hold(target, std::move(shared));
  }
  if (parts_.faults.take(target, FaultKind::kCut)) {
    if (target == Destination::kToken) count("cut");
    return;  // destroying the replier closes the connection
  }
  HttpServerResponse response;
  if (const auto status = parts_.faults.take(target, FaultKind::kStatus)) {
    if (target == Destination::kToken) count("fault_status");
    response = fault_response(repeating(status->answer, request.headers, request.body), target);
  } else {
    response = answer(request);
  }
  if (!slow) return shared->reply(std::move(response));
  parts_.scheduler.run_after(slow->delay, [shared, response = std::move(response)]() mutable {
    shared->reply(std::move(response));
  });
}

HttpServerResponse WorkspaceHttp::answer(const HttpServerRequest& request) {
  if (request.path == kTokenPath) {
    if (request.method != "POST")
      return {.status = 405, .headers = {{"Allow", "POST"}}, .body = "the method is not POST\n"};
    return grant_token(request);
  }
  if (request.method != "GET")
    return {.status = 405, .headers = {{"Allow", "GET"}}, .body = "the method is not GET\n"};
  return request.path == kConfigPath ? describe_host(request) : summarize_metastore(request);
}

HttpServerResponse WorkspaceHttp::grant_token(const HttpServerRequest& request) {
  const WallTime now = parts_.scheduler.clock().wall();
  auto verdict = judge_token_request(request, *parts_.access.current(), now);
  if (const auto* const refused = std::get_if<TokenRefusal>(&verdict)) {
    count(refused->error);
    parts_.uses.count(Destination::kToken, refused->credential, false, now);
    HttpServerResponse response =
        oauth_error(refused->status, refused->error, refused->description);
    if (refused->status == 401) response.headers.emplace_back("WWW-Authenticate", "Basic");
    return response;
  }
  TokenGrant granted = std::get<TokenGrant>(std::move(verdict));
  count("");
  parts_.uses.count(Destination::kToken, granted.grant.credential, true, now);
  json body{{"token_type", "Bearer"},
            {"expires_in", granted.expires_in},
            {"scope", "all-apis"},
            {"access_token", parts_.tokens.mint(std::move(granted.grant), granted.expires)}};
  if (const auto fault = parts_.faults.take(Destination::kToken, FaultKind::kGrant))
    body.merge_patch(json::parse(fault->set));
  return json_answer(body);
}

HttpServerResponse WorkspaceHttp::describe_host(const HttpServerRequest& request) const {
  const auto access = parts_.access.current();
  const std::string origin = parts_.scheme + "://" + std::string(request.header("host"));
  const std::string oidc = origin + "/oidc";
  return json_answer(
      {{"oidc_endpoint", oidc},
       {"account_id", access->workspace.account_id},
       {"workspace_id", access->workspace.id},
       {"cloud", access->workspace.cloud},
       {"host_type", "workspace"},
       {"token_federation_default_oidc_audiences", json::array({oidc + "/v1/token"})}});
}

// Requires a plain token: one for Zerobus gives no access to REST APIs.
HttpServerResponse WorkspaceHttp::summarize_metastore(const HttpServerRequest& request) {
  const auto access = parts_.access.current();
  const WallTime now = parts_.scheduler.clock().wall();
  const auto token = bearer_token(request.header("authorization"));
  const Bearer bearer{.minted = token ? parts_.tokens.find(*token) : std::nullopt, .now = now};
  if (auto refused = judge_workspace_token(token.value_or(""), *access, bearer))
    return api_error(*refused);
  const std::string_view workspace = request.header("x-databricks-workspace-id");
  if (!workspace.empty() && workspace != access->workspace.id)
    return api_error(refusal("workspace", 400, kGrpcInvalidArgument,
                             "X-Databricks-Workspace-Id is not this workspace's"));
  return json_answer(
      {{"name", "sandbox"},
       {"cloud", access->workspace.cloud},
       {"region", access->workspace.region},
       {"metastore_id", "9f1c2a30-0000-4000-8000-5d6e7f809a1b"},
       {"global_metastore_id", access->workspace.cloud + ":" + access->workspace.region +
                                   ":9f1c2a30-0000-4000-8000-5d6e7f809a1b"}});
}

void WorkspaceHttp::count(const std::string& error) {
  Lock lock(mutex_);
  ++stats_.requests;
  if (error.empty()) {
    ++stats_.granted;
  } else {
    ++stats_.refused[error];
  }
}

TokenStats WorkspaceHttp::stats() const {
  Lock lock(mutex_);
  return stats_;
}

void WorkspaceHttp::forget() {
  Lock lock(mutex_);
  stats_ = {};
}

}  // namespace dualtrace::sandbox

// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/token_request.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/bytes/base64.h"
#include "tests/sandbox/authorization_details.h"
#include "tests/sandbox/credential_uses.h"
#include "tests/sandbox/files.h"
#include "tests/sandbox/form.h"
#include "tests/sandbox/jwt.h"

namespace dualtrace::sandbox {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kClientCredentials = "client_credentials";
constexpr std::string_view kExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr std::string_view kJwtType = "urn:ietf:params:oauth:token-type:jwt";
constexpr std::array<std::string_view, 7> kFields{
    "grant_type",    "scope",     "resource",          "authorization_details",
    "subject_token", "client_id", "subject_token_type"};
constexpr Duration kClockLeeway = std::chrono::seconds(60);

using Verdict = std::variant<TokenGrant, TokenRefusal>;
using MaybeRefusal = std::optional<TokenRefusal>;

TokenRefusal refuse(std::string error, std::string description, int status = 400) {
  return {.status = status, .error = std::move(error), .description = std::move(description)};
}

std::string field(const Form& form, std::string_view name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string() : found->second;
}

MaybeRefusal check_fields(const Form& form) {
  for (const auto& [name, value] : form) {
    if (name == "client_secret")
      return refuse("invalid_request", "the secret belongs into the Authorization header");
    if (std::ranges::find(kFields, name) == kFields.end())
      return refuse("invalid_request", "unknown field \"" + name + "\"");
    if (value.empty()) return refuse("invalid_request", "the field \"" + name + "\" is empty");
  }
  if (!form.contains("grant_type")) return refuse("invalid_request", "grant_type is missing");
  if (field(form, "scope") != "all-apis")
    return refuse("invalid_scope", "the scope is not all-apis");
  const bool has_details = form.contains("authorization_details");
  if (has_details && !form.contains("resource"))
    return refuse("invalid_request", "authorization_details without a resource");
  return std::nullopt;
}

// Reads the two fields for Zerobus into `grant`.
MaybeRefusal read_audience(const Form& form, const Access& access,
                           const std::optional<std::set<std::string>>& allowed, Grant& grant) {
  grant.allowed = allowed;
  if (!form.contains("resource")) return std::nullopt;
  if (field(form, "resource") !=
      "api://databricks/workspaces/" + access.workspace.id + "/zerobusDirectWriteApi")
    return refuse("invalid_target", "the resource is not that of this workspace's Zerobus");
  grant.zerobus = true;
  if (!form.contains("authorization_details")) return std::nullopt;
  auto tables = read_authorization_details(field(form, "authorization_details"), access.operations);
  if (!tables) return refuse("invalid_authorization_details", tables.error().message);
  for (const std::string& table : *tables)
    if (allowed && !allowed->contains(table))
      return refuse("invalid_authorization_details",
                    "the principal lacks MODIFY and SELECT on table " + table);
  grant.has_details = true;
  grant.tables = *std::move(tables);
  return std::nullopt;
}

struct Basic {
  std::string user;
  std::string password;
};

std::optional<Basic> read_basic(std::string_view header) {
  constexpr std::string_view kBasic = "Basic ";
  if (!header.starts_with(kBasic)) return std::nullopt;
  const auto plain = decode_base64(header.substr(kBasic.size()));
  const size_t colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return Basic{plain->substr(0, colon), plain->substr(colon + 1)};
}

Verdict judge_client(const HttpServerRequest& request, const Form& form, const Access& access,
                     WallTime now) {
  for (const std::string_view name : {"client_id", "subject_token", "subject_token_type"})
    if (form.contains(name))
      return refuse("invalid_request",
                    "the field \"" + std::string(name) + "\" is none of this grant's");
  const auto basic = read_basic(request.header("authorization"));
  if (!basic)
    return refuse("invalid_client", "no client id and secret were sent by HTTP Basic", 401);
  const auto principal = access.service_principals.find(basic->user);
  if (principal == access.service_principals.end() ||
      !principal->second.secrets.contains(basic->password)) {
    TokenRefusal refusal = refuse("invalid_client", "Client authentication failed", 401);
    refusal.credential = credential_name(basic->password);
    return refusal;
  }
  TokenGrant granted{
      .grant = {.client_id = basic->user, .credential = credential_name(basic->password)},
      .expires = now + std::chrono::seconds(access.token_seconds),
      .expires_in = access.token_seconds};
  if (auto refusal = read_audience(form, access, principal->second.tables, granted.grant)) {
    refusal->credential = granted.grant.credential;
    return *std::move(refusal);
  }
  return granted;
}

bool fits(const FederationPolicy& policy, const Claims& claims, const std::string& client_id) {
  return policy.client_id == client_id && policy.issuer == claims.issuer &&
         policy.subject == claims.subject &&
         std::ranges::any_of(claims.audiences, [&](const std::string& audience) {
           return policy.audiences.contains(audience);
         });
}

Result<std::string> keys_of(const FederationPolicy& policy) {
  if (!policy.jwks.empty()) return policy.jwks;
  return read_text(policy.jwks_file);
}

// The policy that accepts the subject token, or the reason why none does.
Result<const FederationPolicy*> find_policy(const Access& access, const std::string& token,
                                            const Claims& claims, const std::string& client_id,
                                            WallTime now) {
  const auto policy = std::ranges::find_if(
      access.federation_policies,
      [&](const FederationPolicy& one) { return fits(one, claims, client_id); });
  if (policy == access.federation_policies.end())
    return fail(ErrorKind::kInvalid,
                "no federation policy matches issuer, subject and audience of the subject token");
  const auto keys = keys_of(*policy);
  if (!keys) return fail(keys.error());
  if (auto signed_by = check_signature(token, *keys); !signed_by) return fail(signed_by.error());
  if (claims.expires + kClockLeeway <= now)
    return fail(ErrorKind::kInvalid, "the subject token is expired");
  if (claims.not_before > now + kClockLeeway)
    return fail(ErrorKind::kInvalid, "the subject token is not valid yet");
  return &*policy;
}

std::optional<std::set<std::string>> tables_of(const FederationPolicy& policy,
                                               const Access& access) {
  const auto principal = access.service_principals.find(policy.client_id);
  return principal == access.service_principals.end() ? policy.tables : principal->second.tables;
}

Verdict judge_exchange(const HttpServerRequest& request, const Form& form, const Access& access,
                       WallTime now) {
  if (!request.header("authorization").empty())
    return refuse("invalid_request", "a token exchange has no Authorization header");
  if (field(form, "subject_token_type") != kJwtType)
    return refuse("invalid_request", "the subject_token_type is not " + std::string(kJwtType));
  const std::string token = field(form, "subject_token");
  const auto claims = read_claims(token);
  if (!claims) return refuse("invalid_request", claims.error().message);
  const std::string client_id = field(form, "client_id");
  const std::string credential = claims->issuer + "|" + claims->subject;
  const auto policy = find_policy(access, token, *claims, client_id, now);
  if (!policy) {
    TokenRefusal refusal = refuse("invalid_grant", policy.error().message);
    refusal.credential = credential;
    return refusal;
  }
  const WallTime own_end = now + std::chrono::seconds(access.token_seconds);
  TokenGrant granted{.grant = {.client_id = client_id, .credential = credential},
                     .expires = std::min(own_end, claims->expires),
                     .expires_in = access.token_seconds};
  if (auto refusal = read_audience(form, access, tables_of(**policy, access), granted.grant)) {
    refusal->credential = credential;
    return *std::move(refusal);
  }
  return granted;
}

}  // namespace

Verdict judge_token_request(const HttpServerRequest& request, const Access& access, WallTime now) {
  const std::string_view type = request.header("content-type");
  if (type.substr(0, type.find(';')) != kFormType)
    return refuse("invalid_request", "the content type is not " + std::string(kFormType));
  if (!request.query.empty())
    return refuse("invalid_request", "the fields belong into the body, not into the query");
  const auto form = parse_form(request.body);
  if (!form) return refuse("invalid_request", form.error().message);
  if (auto refusal = check_fields(*form)) return *std::move(refusal);
  const std::string grant_type = field(*form, "grant_type");
  if (grant_type == kClientCredentials) return judge_client(request, *form, access, now);
  if (grant_type == kExchange) return judge_exchange(request, *form, access, now);
  return refuse("unsupported_grant_type", "the grant_type is none that machines use");
}

}  // namespace dualtrace::sandbox

// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/access.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

// Calls the reader of each member of `value`; a member without a reader is an error.
using MemberReaders = std::map<std::string_view, std::function<void(const json&)>>;
void read_object(const json& value, const MemberReaders& readers) {
  if (!value.is_object()) throw std::invalid_argument("not an object");
  for (const auto& [name, member] : value.items()) {
    const auto reader = readers.find(name);
    if (reader == readers.end()) throw std::invalid_argument("unknown member \"" + name + "\"");
    reader->second(member);
  }
}

template <typename T>
std::function<void(const json&)> into(T& member) {
  return [&member](const json& value) { member = value.get<T>(); };
}
template <typename T>
std::function<void(const json&)> into(std::optional<T>& member) {
  return [&member](const json& value) {
    member = value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
  };
}

std::map<std::string, ServicePrincipal> read_principals(const json& value) {
  std::map<std::string, ServicePrincipal> principals;
  for (const auto& [client_id, member] : value.items()) {
    ServicePrincipal& principal = principals[client_id];
    read_object(member, {{"secrets", into(principal.secrets)}, {"tables", into(principal.tables)}});
  }
  return principals;
}

std::vector<FederationPolicy> read_policies(const json& value) {
  std::vector<FederationPolicy> policies;
  for (const json& member : value) {
    FederationPolicy& policy = policies.emplace_back();
    read_object(member, {{"issuer", into(policy.issuer)},
                         {"audiences", into(policy.audiences)},
                         {"subject", into(policy.subject)},
                         {"client_id", into(policy.client_id)},
                         {"jwks", [&](const json& keys) { policy.jwks = keys.dump(); }},
                         {"jwks_file", into(policy.jwks_file)},
                         {"tables", into(policy.tables)}});
    if (policy.issuer.empty() || policy.subject.empty() || policy.audiences.empty() ||
        policy.jwks.empty() == policy.jwks_file.empty())
      throw std::invalid_argument(
          "a federation policy needs issuer, audiences, subject and one of jwks and jwks_file");
  }
  return policies;
}

Operations read_operations(const json& value) {
  const auto text = value.get<std::string>();
  if (text == "required") return Operations::kRequired;
  if (text == "optional") return Operations::kOptional;
  if (text == "unknown") return Operations::kUnknown;
  throw std::invalid_argument("\"operations\" is required, optional or unknown");
}

void read_workspace(const json& value, Workspace& workspace) {
  read_object(value, {{"id", into(workspace.id)},
                      {"account_id", into(workspace.account_id)},
                      {"cloud", into(workspace.cloud)},
                      {"region", into(workspace.region)}});
}

Status update_one(Access& access, const std::string& name, const json& value) {
  const auto optional = [&](auto& member) {
    if (value.is_null()) {
      member.reset();
    } else {
      member = value.get<typename std::remove_reference_t<decltype(member)>::value_type>();
    }
    return Status();
  };
  if (name == "arize_api_keys") return optional(access.arize_api_keys);
  if (name == "arize_spaces") return optional(access.arize_spaces);
  if (name == "databricks_tokens") return optional(access.databricks_tokens);
  if (name == "databricks_tables") return optional(access.databricks_tables);
  if (name == "databricks_gzip") {
    access.databricks_gzip = value.get<bool>();
    return {};
  }
  if (name == "service_principals") {
    access.service_principals = read_principals(value);
  } else if (name == "federation_policies") {
    access.federation_policies = read_policies(value);
  } else if (name == "workspace") {
    read_workspace(value, access.workspace);
  } else if (name == "operations") {
    access.operations = read_operations(value);
  } else if (name == "token_seconds") {
    access.token_seconds = value.get<uint64_t>();
  } else if (name == "expiry_margin_seconds") {
    access.expiry_margin_seconds = value.get<uint64_t>();
  } else {
    return fail(ErrorKind::kInvalid, "unknown member \"" + name + "\"");
  }
  return {};
}

}  // namespace

bool Access::allows_static_token(const std::string& token) const {
  if (databricks_tokens) return databricks_tokens->contains(token);
  return service_principals.empty() && federation_policies.empty();
}

AccessBook::AccessBook(Access access)
    : access_(std::make_shared<const Access>(std::move(access))) {}

std::shared_ptr<const Access> AccessBook::current() const {
  Lock lock(mutex_);
  return access_;
}

Status AccessBook::update(std::string_view text) {
  auto fresh = std::make_shared<Access>(*current());
  try {
    const json parsed = json::parse(text);
    if (!parsed.is_object()) return fail(ErrorKind::kInvalid, "not a JSON object");
    for (const auto& [name, value] : parsed.items())
      if (auto updated = update_one(*fresh, name, value); !updated) return updated;
  } catch (const json::exception&) {  // the exception's text could contain a secret value
    return fail(ErrorKind::kInvalid, "not JSON, or a member of the wrong type");
  } catch (const std::invalid_argument& error) {
    return fail(ErrorKind::kInvalid, error.what());
  }
  Lock lock(mutex_);
  access_ = std::move(fresh);
  return {};
}

bool is_three_part_name(std::string_view name) {
  return std::ranges::count(name, '.') == 2 && !name.starts_with('.') && !name.ends_with('.') &&
         name.find("..") == std::string_view::npos;
}

}  // namespace dualtrace::sandbox

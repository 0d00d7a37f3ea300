// SPDX-License-Identifier: Apache-2.0
#pragma once
// Access: the keys, tokens, spaces and tables that the sandbox accepts. AccessBook holds the
// current one, which POST /credentials replaces while requests continue.
// Access is immutable; AccessBook is thread-safe.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/sync/mutex.h"

namespace dualtrace::sandbox {

// A Databricks service principal, stored by its client id.
struct ServicePrincipal {
  std::set<std::string> secrets{};                // all that are currently valid
  std::optional<std::set<std::string>> tables{};  // that it may write to; absent: any
};

// Tokens with this issuer, audience and subject may be exchanged.
struct FederationPolicy {
  std::string issuer{};
  std::set<std::string> audiences{};
  std::string subject{};
  std::string client_id{};  // the principal of the policy; empty: an account-wide policy
  // The issuer's public keys, as JSON or in a file that is read at each exchange.
  std::string jwks{};
  std::string jwks_file{};
  std::optional<std::set<std::string>> tables{};  // of an account-wide policy
};

struct Workspace {
  std::string id = "1234567890123456";
  std::string account_id = "6b3f6d3c-0000-4000-8000-3f2a1c9d8e7f";
  std::string cloud = "aws";
  std::string region = "us-east-1";
};

// Whether `operations` in a table's authorization_details is optional or required. kUnknown acts as
// an endpoint from before 2026-06, which rejects the member.
enum class Operations { kRequired, kOptional, kUnknown };

struct Access {
  // Absent: any value that is not empty is valid. Empty: no value is valid.
  std::optional<std::set<std::string>> arize_api_keys{};
  std::optional<std::set<std::string>> arize_spaces{};
  std::optional<std::set<std::string>> databricks_tokens{};
  std::optional<std::map<std::string, std::string>> databricks_tables{};  // name → "v1" or "v2"
  bool databricks_gzip = true;

  std::map<std::string, ServicePrincipal> service_principals{};
  std::vector<FederationPolicy> federation_policies{};
  Workspace workspace{};
  Operations operations = Operations::kRequired;
  uint64_t token_seconds = 3600;
  uint64_t expiry_margin_seconds = 0;  // tokens that expire sooner are refused with 403

  // Whether static tokens are limited to a list, or other credentials exist.
  [[nodiscard]] bool allows_static_token(const std::string& token) const;
};

class AccessBook {
 public:
  explicit AccessBook(Access access);

  [[nodiscard]] std::shared_ptr<const Access> current() const;
  // Replaces the members in the JSON object, under the names that they have in Access; null makes a
  // member absent. Anything else is kInvalid.
  Status update(std::string_view json);

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Access> access_ DT_GUARDED_BY(mutex_);
};

// "catalog.schema.table"
[[nodiscard]] bool is_three_part_name(std::string_view name);

}  // namespace dualtrace::sandbox

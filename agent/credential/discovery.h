// SPDX-License-Identifier: Apache-2.0
#pragma once
// Discovery: finds the Zerobus host from the documents of a workspace. A host found this way must
// be one of Databricks' own, otherwise it is refused, so that no document can redirect a token
// elsewhere.
// Pure. Thread-safe.

#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/json/json.h"
#include "common/net/url.h"

namespace dualtrace::agent {

inline constexpr std::string_view kWorkspaceDocumentPath = "/.well-known/databricks-config";
inline constexpr std::string_view kMetastorePath = "/api/2.1/unity-catalog/metastore_summary";

struct Region {
  std::string cloud{};   // "aws", "azure", "gcp"
  std::string region{};  // "us-west-2"
  bool operator==(const Region&) const = default;
};

// The workspace id, a string of digits. Errors are kInvalid and name what is missing.
Result<std::string> read_workspace_id(const Json& document);
Result<Region> read_region(const Json& metastore_summary);
// `workspace` is the configured host. If its domain belongs to Databricks, Zerobus is in the same
// domain.
Result<Url> zerobus_origin(const std::string& workspace_id, const Region& region,
                           std::string_view workspace);
// Returns "" if the host is not one of Databricks' own.
[[nodiscard]] std::string workspace_id_of(std::string_view zerobus_host);

}  // namespace dualtrace::agent

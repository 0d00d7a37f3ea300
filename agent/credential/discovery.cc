// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/discovery.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/config/rules.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kIdDigitsMax = 20;

Failure missing(const std::string& what) {
  return fail(ErrorKind::kInvalid, what + "; set databricks.zerobus.endpoint to the Zerobus host");
}

bool is_workspace_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdDigitsMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lowered;
}

struct Domain {
  std::string_view cloud;
  std::string_view name;
};
constexpr std::array kDomains = {Domain{"aws", "cloud.databricks.com"},
                                 Domain{"azure", "azuredatabricks.net"},
                                 Domain{"gcp", "gcp.databricks.com"}};

std::string_view domain_of(std::string_view workspace, std::string_view cloud) {
  for (const Domain& domain : kDomains) {
    if (workspace.ends_with("." + std::string(domain.name))) return domain.name;
  }
  for (const Domain& domain : kDomains) {
    if (domain.cloud == cloud) return domain.name;
  }
  return {};
}

}  // namespace

Result<std::string> read_workspace_id(const Json& document) {
  std::string id(text_at(document, {"workspace_id"}));
  if (const auto number = integer_at(document, {"workspace_id"})) id = std::to_string(*number);
  if (!is_workspace_id(id)) return missing("the workspace's databricks-config has no workspace_id");
  return id;
}

Result<Region> read_region(const Json& metastore_summary) {
  Region read{lower(text_at(metastore_summary, {"cloud"})),
              lower(text_at(metastore_summary, {"region"}))};
  // cloud:region:uuid
  const std::string id = lower(text_at(metastore_summary, {"global_metastore_id"}));
  const size_t first = id.find(':');
  const size_t second = first == std::string::npos ? first : id.find(':', first + 1);
  if (second != std::string::npos) {
    if (read.cloud.empty()) read.cloud = id.substr(0, first);
    if (read.region.empty()) read.region = id.substr(first + 1, second - first - 1);
  }
  if (read.region.empty()) return missing("the workspace's metastore_summary has no region");
  return read;
}

Result<Url> zerobus_origin(const std::string& workspace_id, const Region& region,
                           std::string_view workspace) {
  const std::string host = workspace_id + ".zerobus." + region.region + "." +
                           std::string(domain_of(lower(workspace), region.cloud));
  if (!is_zerobus_host(host))
    return missing("the workspace's documents do not yield a valid Zerobus host");
  return Url{"https", {host, 443}, ""};
}

std::string workspace_id_of(std::string_view zerobus_host) {
  if (!is_zerobus_host(zerobus_host)) return {};
  return std::string(zerobus_host.substr(0, zerobus_host.find('.')));
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
// Whatever a workspace's metadata contains, a token goes to a Databricks host or nowhere. Input:
// a line of databricks-config, a line with the configured host, the metastore summary.

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/credential/discovery.h"
#include "common/config/rules.h"
#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

std::string take_line(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void discover(std::string_view input) {
  const auto document = parse_json(take_line(input));
  const std::string workspace = take_line(input);
  const auto summary = parse_json(input);
  const auto id = document ? read_workspace_id(*document) : fail(ErrorKind::kInvalid, "");
  const auto region = summary ? read_region(*summary) : fail(ErrorKind::kInvalid, "");
  const auto origin = zerobus_origin(id ? *id : std::string("1"),
                                     region ? *region : Region{"aws", "us-west-2"}, workspace);
  if (!origin) return;
  DT_CHECK(is_zerobus_host(origin->authority.host));
  DT_CHECK(origin->secure() && origin->authority.port == 443 && origin->path.empty());
  DT_CHECK(workspace_id_of(origin->authority.host) == (id ? *id : "1"));
  const auto again = parse_url(origin->origin());
  DT_CHECK(again.has_value() && again->authority == origin->authority);
}

}  // namespace
}  // namespace dualtrace::agent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dualtrace::agent::discover({reinterpret_cast<const char*>(data), size});
  return 0;
}

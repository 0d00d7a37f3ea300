// SPDX-License-Identifier: Apache-2.0
// Whatever is stored as an export, the result is a value that meets its contract, or a list of
// faults that can be reported.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/config/check_value.h"
#include "common/error/check.h"
#include "operator/api/dual_trace_export.h"

namespace {

bool can_prove_itself(const dualtrace::ctl::DatabricksAuthSpec& auth) {
  using namespace dualtrace::ctl;
  if (const auto* const token = std::get_if<TokenAuth>(&auth)) return !token->token.name.empty();
  if (const auto* const oauth = std::get_if<OAuthAuth>(&auth)) {
    return !oauth->client_id.name.empty() && !oauth->client_secret.key.empty();
  }
  const auto& identity = std::get<WorkloadIdentityAuth>(auth);
  return !identity.audience.empty() && identity.expiration_seconds >= 600;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dualtrace;
  const auto object = parse_json({reinterpret_cast<const char*>(data), size});
  if (!object) return 0;
  const ctl::ExportOrFaults parsed = ctl::parse_export(*object);
  const auto& value = parsed.value;
  DT_CHECK(value.has_value() == parsed.faults.empty());
  DT_CHECK(to_string(parsed.faults).empty() == parsed.faults.empty());
  if (!value) return 0;
  DT_CHECK(value->arize || value->databricks);
  const auto is_set = [&](std::string_view key) { return value->setting(key) != nullptr; };
  DT_CHECK(!value->arize || is_set("arize.endpoint") != is_set("arize.region"));
  DT_CHECK(!value->databricks || can_prove_itself(value->databricks->auth));
  for (const auto& [key, text] : value->settings) DT_CHECK(check_value(*find_key(key), text));
  DT_CHECK(!text_at(value->agent.resources, {"limits", "memory"}).empty());
  return 0;
}

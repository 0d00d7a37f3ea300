// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rules of single values that the agent's configuration and the DualTraceExport share: one place
// says what an endpoint, a workspace or a table may look like. The errors say what was expected and
// never repeat the text, which may be a secret written in the wrong place.
// Pure.

#include <cstddef>
#include <string_view>

#include "common/error/result.h"
#include "common/net/url.h"

namespace dualtrace {

inline constexpr size_t kAttributesMax = 64;

// host[:port] (TLS on port 443) or http(s)://host[:port][/v1[/traces]]; the path is kept.
Result<Url> parse_arize_endpoint(std::string_view text);
// Where the accounts of a region send to; "" when there is no such region.
[[nodiscard]] std::string_view arize_host(std::string_view region);
// https://host[:port]; http:// only to this machine.
Result<Url> parse_workspace_url(std::string_view text);
// host[:port] (TLS on port 443) or https://host[:port][/v1/traces]; http:// only to this machine.
// Without the path. Any host: whether it is one of Databricks' own is is_zerobus_host()'s to say.
Result<Url> parse_zerobus_endpoint(std::string_view text);
// <workspace id>.zerobus.<region>.<one of Databricks' three domains>: the only hosts that a token
// is sent to without their being written in the configuration.
[[nodiscard]] bool is_zerobus_host(std::string_view host);
// The application id of a service principal.
Status check_client_id(std::string_view text);
// http://host:port
Result<Url> parse_proxy_url(std::string_view text);
// catalog.schema.table
Status check_table_name(std::string_view text);
Status check_project(std::string_view text);
Status check_attribute_name(std::string_view text);
Status check_attribute_value(std::string_view text);
// No control character, so no line break either: the rule for every text.
Status check_characters(std::string_view text);

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rules for single values that the agent's configuration and the DualTraceExport share: the one
// place that defines what an endpoint, a workspace or a table may look like. The errors state what
// was expected and never contain the text, which may be a misplaced secret.
// Pure.

#include <cstddef>
#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/net/url.h"

namespace dualtrace {

inline constexpr size_t kAttributesMax = 64;

// Rules between several values. The CRD states them, too (tested).
inline constexpr std::string_view kNoDestination =
    "set arize, databricks or both: there is no destination";
inline constexpr std::string_view kOneOfEndpointAndRegion =
    "set exactly one of endpoint and region (US, EU or CA)";
inline constexpr std::string_view kProxyAuthWithoutProxy =
    "proxyAuth has no effect without proxyURL; set proxyURL, or remove proxyAuth";
inline constexpr std::string_view kZerobusWithoutIngest =
    "zerobus has no effect without ingest: Zerobus; set that, or remove zerobus";
inline constexpr std::string_view kZerobusWithToken =
    "Zerobus does not accept static tokens; set auth.oauth or auth.workloadIdentity";
inline constexpr std::string_view kOneKindOfAuth =
    "set exactly one of token, oauth and workloadIdentity";

// The fault of a map or list with too many entries.
[[nodiscard]] std::string too_many_entries(size_t most);

// host[:port] (TLS on port 443) or http(s)://host[:port][/v1[/traces]]; the path is kept.
Result<Url> parse_arize_endpoint(std::string_view text);
// The host for accounts of a region; "" if there is no such region.
[[nodiscard]] std::string_view arize_host(std::string_view region);
// https://host[:port]; http:// only for this machine.
Result<Url> parse_workspace_url(std::string_view text);
// host[:port] (TLS on port 443) or https://host[:port][/v1/traces]; http:// only for this machine.
// The result has no path. Accepts any host; is_zerobus_host() checks whether it is one of
// Databricks' own.
Result<Url> parse_zerobus_endpoint(std::string_view text);
// <workspace id>.zerobus.<region>.<one of Databricks' three domains>: the only hosts to which a
// token is sent although the configuration does not name them.
[[nodiscard]] bool is_zerobus_host(std::string_view host);
// The application id of a service principal: always a UUID.
Status check_client_id(std::string_view text);
// http://host:port
Result<Url> parse_proxy_url(std::string_view text);
// catalog.schema.table
Status check_table_name(std::string_view text);
Status check_project(std::string_view text);
Status check_attribute_name(std::string_view text);
Status check_attribute_value(std::string_view text);
// No control characters, and therefore no line breaks: the rule for every text.
Status check_characters(std::string_view text);

}  // namespace dualtrace

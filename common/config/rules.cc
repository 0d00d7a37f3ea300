// SPDX-License-Identifier: Apache-2.0
#include "common/config/rules.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

#include "common/bytes/ascii.h"

namespace dualtrace {
namespace {

constexpr size_t kProjectBytesMax = 256;
constexpr size_t kTablePartBytesMax = 255;
constexpr size_t kAttributeNameBytesMax = 256;
constexpr size_t kAttributeValueBytesMax = 4096;

Failure invalid(std::string message) { return fail(ErrorKind::kInvalid, std::move(message)); }

bool is_loopback(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) return host.starts_with("127.");
  return host == "localhost" || host == "::1";
}

bool is_table_part(std::string_view part) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !part.empty() && part.size() <= kTablePartBytesMax &&
         std::all_of(part.begin(), part.end(), allowed);
}

bool is_table_name(std::string_view name) {
  int parts = 1;
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    if (!is_table_part(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
    ++parts;
  }
  return parts == 3 && is_table_part(name);
}

// 8-4-4-4-12 hex digits.
bool is_uuid(std::string_view text) {
  constexpr size_t kBytes = 36;
  if (text.size() != kBytes) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

Result<Url> parse_endpoint(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return parse_url(text);
  auto host_port = parse_host_port(text, 443);
  if (!host_port) return fail(host_port.error());
  if (host_port->port == 0) return invalid("port 0 is not valid here");
  return Url{"https", *std::move(host_port), ""};
}

}  // namespace

std::string too_many_entries(size_t most) { return "at most " + std::to_string(most) + " entries"; }

Result<Url> parse_arize_endpoint(std::string_view text) {
  auto url = parse_endpoint(text);
  if (!url || (url->path != "" && url->path != "/v1" && url->path != "/v1/traces")) {
    return invalid(
        "expected host:port or http(s)://host[:port][/v1/traces], such as otlp.arize.com:443" +
        (url ? "" : ": " + url.error().message));
  }
  return url;
}

std::string_view arize_host(std::string_view region) {
  if (region == "US") return "otlp.arize.com";
  if (region == "EU") return "otlp.eu-west-1a.arize.com";
  return region == "CA" ? "otlp.ca-central-1a.arize.com" : "";
}

Result<Url> parse_workspace_url(std::string_view text) {
  auto url = parse_url(text);
  if (!url) return invalid("expected https://host: " + url.error().message);
  if (!url->path.empty()) return invalid("expected https://host alone, without a path or query");
  if (!url->secure() && !is_loopback(url->authority.host)) {
    return invalid("must begin with https://, because the token must not be sent in plain text");
  }
  return url;
}

Result<Url> parse_zerobus_endpoint(std::string_view text) {
  auto url = parse_endpoint(text);
  if (!url || (url->path != "" && url->path != "/v1" && url->path != "/v1/traces")) {
    return invalid(
        "expected https://host[:port], such as "
        "https://1234567890123456.zerobus.us-west-2.cloud.databricks.com" +
        (url ? "" : ": " + url.error().message));
  }
  if (!url->secure() && !is_loopback(url->authority.host)) {
    return invalid("must begin with https://, because the token must not be sent in plain text");
  }
  url->path.clear();
  return url;
}

bool is_zerobus_host(std::string_view host) {
  constexpr std::array<std::string_view, 3> kDomains = {
      ".cloud.databricks.com", ".azuredatabricks.net", ".gcp.databricks.com"};
  constexpr std::string_view kService = ".zerobus.";
  constexpr size_t kLabelBytesMax = 63;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto in_region = [&](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; };
  const size_t end = std::min(host.find('.'), host.size());
  const std::string_view workspace = host.substr(0, end);
  std::string_view region = host.substr(end);
  if (workspace.empty() || !std::all_of(workspace.begin(), workspace.end(), is_digit) ||
      !region.starts_with(kService)) {
    return false;
  }
  region.remove_prefix(kService.size());
  const auto domain =
      std::find_if(kDomains.begin(), kDomains.end(),
                   [&](std::string_view candidate) { return region.ends_with(candidate); });
  if (domain == kDomains.end()) return false;
  region.remove_suffix(domain->size());
  return !region.empty() && workspace.size() <= kLabelBytesMax && region.size() <= kLabelBytesMax &&
         std::all_of(region.begin(), region.end(), in_region);
}

Status check_client_id(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.starts_with("dose") || text.starts_with("dapi")) {
    return invalid("is a secret or a token, not an application id; the two may be swapped");
  }
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_digit)) {
    return invalid(
        "is a number, such as the service principal's internal id; use its application id (a "
        "UUID)");
  }
  if (!is_uuid(text)) return invalid("expected the service principal's application id (a UUID)");
  // 00000000-0000-0000-0000-000000000000
  if (std::all_of(text.begin(), text.end(), [&](char c) { return c == text[0] || c == '-'; })) {
    return invalid("is an example; replace it with the service principal's application id");
  }
  return {};
}

Result<Url> parse_proxy_url(std::string_view text) {
  auto url = parse_url(text);
  if (!url || url->secure() || !url->path.empty()) {
    return invalid("expected http://host:port of a proxy that supports CONNECT");
  }
  return url;
}

Status check_table_name(std::string_view text) {
  if (is_table_name(text)) return {};
  return invalid("expected catalog.schema.table, each part with only letters, digits and _");
}

Status check_project(std::string_view text) {
  if (!text.empty() && text.size() <= kProjectBytesMax) return {};
  return invalid("expected a project name of 1 to 256 bytes");
}

Status check_attribute_name(std::string_view text) {
  if (!text.empty() && text.size() <= kAttributeNameBytesMax) return check_characters(text);
  return invalid("a name must have 1 to 256 bytes");
}

Status check_attribute_value(std::string_view text) {
  if (text.size() <= kAttributeValueBytesMax) return {};
  return invalid("at most 4096 bytes");
}

Status check_characters(std::string_view text) {
  if (std::none_of(text.begin(), text.end(), is_control)) return {};
  return invalid("contains a control character or a line break");
}

}  // namespace dualtrace

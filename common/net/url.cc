// SPDX-License-Identifier: Apache-2.0
#include "common/net/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace dualtrace {
namespace {

constexpr size_t kHostBytesMax = 253;

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// What RFC 3986 allows in a path with a query; "%" escapes are not checked.
bool is_path_character(char c) {
  return c > ' ' && c < 0x7f &&
         std::string_view("\"#<>[\\]^`{|}").find(c) == std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

Result<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || text.size() > 5) {
    return fail(ErrorKind::kInvalid, "the port is not a number up to 65535");
  }
  return port;
}

// The host and what follows it: "" or ":port".
struct SplitHost {
  std::string host;
  std::string_view rest;
};

Result<SplitHost> split_host(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return fail(ErrorKind::kInvalid, "\"[\" without \"]\"");
    SplitHost split{lower(text.substr(1, end - 1)), text.substr(end + 1)};
    if (!is_ipv6(split.host)) {
      return fail(ErrorKind::kInvalid, "the text in brackets is not an IPv6 address");
    }
    return split;
  }
  const size_t colon = std::min(text.find(':'), text.size());
  SplitHost split{lower(text.substr(0, colon)), text.substr(colon)};
  if (split.host.empty()) return fail(ErrorKind::kInvalid, "the host is missing");
  if (split.host.size() > kHostBytesMax) return fail(ErrorKind::kInvalid, "the host is too long");
  if (!std::all_of(split.host.begin(), split.host.end(), is_host_character)) {
    return fail(ErrorKind::kInvalid, "the host contains an invalid character");
  }
  if (split.rest.size() > 1 && split.rest.substr(1).find(':') != std::string_view::npos) {
    return fail(ErrorKind::kInvalid, "an IPv6 address needs brackets: \"[::1]:4317\"");
  }
  return split;
}

}  // namespace

std::string HostPort::to_string() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<HostPort> parse_host_port(std::string_view text, uint16_t default_port) {
  auto split = split_host(text);
  if (!split) return fail(split.error());
  if (split->rest.empty()) {
    if (default_port == 0) return fail(ErrorKind::kInvalid, "the port is missing");
    return HostPort{std::move(split->host), default_port};
  }
  if (!split->rest.starts_with(':')) {
    return fail(ErrorKind::kInvalid, "only \":\" and a port may follow the host");
  }
  auto port = parse_port(split->rest.substr(1));
  if (!port) return fail(port.error());
  return HostPort{std::move(split->host), *port};
}

std::string Url::origin() const { return scheme + "://" + authority.to_string(); }

Result<Url> parse_url(std::string_view text) {
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) {
    return fail(ErrorKind::kInvalid, "not a URL; it must begin with http:// or https://");
  }
  Url url{.scheme = lower(text.substr(0, scheme_end)), .authority = {}, .path = {}};
  if (url.scheme != "http" && url.scheme != "https") {
    return fail(ErrorKind::kInvalid, "the scheme is neither http nor https");
  }
  text.remove_prefix(scheme_end + 3);
  const size_t path_start = std::min(text.find_first_of("/?#"), text.size());
  const std::string_view authority = text.substr(0, path_start);
  std::string_view path = text.substr(path_start);
  if (authority.find('@') != std::string_view::npos) {
    return fail(ErrorKind::kInvalid, "a URL must not contain a user or a password");
  }
  auto host_port = parse_host_port(authority, url.secure() ? 443 : 80);
  if (!host_port) return fail(host_port.error());
  if (host_port->port == 0) return fail(ErrorKind::kInvalid, "port 0 is not valid here");
  url.authority = *std::move(host_port);

  if (path.find('#') != std::string_view::npos) {
    return fail(ErrorKind::kInvalid, "this URL must not have a fragment (\"#…\")");
  }
  if (!std::all_of(path.begin(), path.end(), is_path_character)) {
    return fail(ErrorKind::kInvalid, "the path contains a character that must be percent-encoded");
  }
  if (path.find('?') == std::string_view::npos) {
    while (path.ends_with('/')) path.remove_suffix(1);
  }
  url.path = path.starts_with('?') ? "/" + std::string(path) : std::string(path);
  return url;
}

}  // namespace dualtrace

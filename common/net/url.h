// SPDX-License-Identifier: Apache-2.0
#pragma once
// Url: a parsed absolute http or https URL, and host:port pairs. No user info, no fragment.
// Immutable.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

struct HostPort {
  std::string host;  // IPv6 without brackets
  uint16_t port = 0;

  // "host:port" with brackets around an IPv6 host.
  [[nodiscard]] std::string to_string() const;
  bool operator==(const HostPort&) const = default;
};

// "host:port", "[::1]:4317"; default_port 0 means that a port must be given.
Result<HostPort> parse_host_port(std::string_view text, uint16_t default_port);

struct Url {
  std::string scheme;  // "http" or "https"
  HostPort authority;  // port from the scheme if missing
  std::string path;    // "" or begins with "/"; includes the query; no trailing "/"

  [[nodiscard]] bool secure() const { return scheme == "https"; }
  // scheme://host:port, without the path
  [[nodiscard]] std::string origin() const;
  bool operator==(const Url&) const = default;
};

Result<Url> parse_url(std::string_view text);

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpProxy: the forward proxy through which a destination is reached, and who we are to it.
// Thread-safe.

#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/net/url.h"

namespace dualtrace {

struct HttpProxy {
  Url url{};
  // Both or neither: files with the user name and the password, read at every new connection.
  std::string username_file{};
  std::string password_file{};
  bool operator==(const HttpProxy&) const = default;
};

// The value of Proxy-Authorization (RFC 7617), or "" where the proxy wants none. kInvalid when a
// file cannot be used; the error names the file and never repeats what is in it.
Result<std::string> proxy_authorization(const HttpProxy& proxy);

// Whether a proxy that answers so to CONNECT wants another credential; some say 401 for 407.
[[nodiscard]] constexpr bool wants_proxy_auth(int status) { return status == 401 || status == 407; }
// Follows the words of such an answer.
inline constexpr std::string_view kProxyAuthAdvice =
    "; check proxyAuth, the user name and password for the proxy";

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpProxy: the forward proxy for a destination, and our credential for it.
// Thread-safe.

#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/net/url.h"

namespace dualtrace {

struct HttpProxy {
  Url url{};
  // Both or neither: files with the user name and the password, read for every new connection.
  std::string username_file{};
  std::string password_file{};
  bool operator==(const HttpProxy&) const = default;
};

// What RFC 7617 lets a user name and a password consist of. The errors contain no part of the text.
Status check_proxy_username(std::string_view text);
Status check_proxy_password(std::string_view text);

struct ProxyAuthorization {
  std::string header{};  // the value of Proxy-Authorization (RFC 7617); "": the proxy needs none
  std::string password{};
};
// kInvalid if a file cannot be used; the error names the file and never contains its contents.
Result<ProxyAuthorization> proxy_authorization(const HttpProxy& proxy);

// Whether a proxy with this answer to CONNECT requires a different credential; some answer 401, not
// 407.
[[nodiscard]] constexpr bool wants_proxy_auth(int status) { return status == 401 || status == 407; }
// Appended to the message about such an answer.
inline constexpr std::string_view kProxyAuthAdvice =
    "; check proxyAuth, the user name and password for the proxy";

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_proxy.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "common/bytes/ascii.h"
#include "common/bytes/base64.h"

namespace dualtrace {
namespace {

constexpr size_t kBytesMax = 4096;

Result<std::string> read_part(const std::string& path, Status (*check)(std::string_view)) {
  const auto unusable = [&](std::string_view why) {
    return fail(ErrorKind::kInvalid, "proxy credential file " + path + ": " + std::string(why));
  };
  std::ifstream file(path, std::ios::binary);
  std::string text(kBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return unusable("cannot be read; check that the Secret has this key");
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kBytesMax) return unusable("is larger than 4 KiB");
  // Editors and `kubectl create secret --from-file` leave a trailing newline.
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (const Status checked = check(text); !checked) return unusable(checked.error().message);
  return text;
}

}  // namespace

Status check_proxy_username(std::string_view text) {
  // RFC 7617, 2: everything after the first colon would be the password.
  if (text.find(':') != std::string_view::npos) {
    return fail(ErrorKind::kInvalid, "a user name must not contain a colon");
  }
  return check_proxy_password(text);
}

Status check_proxy_password(std::string_view text) {
  if (text.empty()) return fail(ErrorKind::kInvalid, "is empty; put the value into the Secret");
  if (std::none_of(text.begin(), text.end(), is_control)) return {};
  return fail(ErrorKind::kInvalid, "contains a line break or another control character");
}

Result<ProxyAuthorization> proxy_authorization(const HttpProxy& proxy) {
  if (proxy.username_file.empty()) return ProxyAuthorization{};
  const auto username = read_part(proxy.username_file, check_proxy_username);
  if (!username) return fail(username.error());
  auto password = read_part(proxy.password_file, check_proxy_password);
  if (!password) return fail(password.error());
  return ProxyAuthorization{.header = "Basic " + encode_base64(*username + ":" + *password),
                            .password = *std::move(password)};
}

}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/temporary_folder.h"

namespace dualtrace {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<ProxyAuthorization> authorization_of(std::string_view username, std::string_view password) {
  const TemporaryFolder folder;
  HttpProxy proxy;
  proxy.username_file = folder.file("username", username);
  proxy.password_file = folder.file("password", password);
  return proxy_authorization(proxy);
}

TEST(HttpProxy, NeedsNoCredential) { EXPECT_EQ(proxy_authorization({})->header, ""); }

TEST(HttpProxy, EncodesItsCredentialAsBasic) {
  const auto made = authorization_of("agents", "s3cret:word");
  EXPECT_EQ(made->header, "Basic YWdlbnRzOnMzY3JldDp3b3Jk");
  EXPECT_EQ(made->password, "s3cret:word");
  EXPECT_EQ(authorization_of("agents\n", "s3cret:word\r\n")->header, made->header);
  EXPECT_EQ(authorization_of("agents", " spaces count ")->header,
            "Basic YWdlbnRzOiBzcGFjZXMgY291bnQg");
}

TEST(HttpProxy, RefusesACredentialThatCannotBeRight) {
  for (const auto& [username, password, expected] :
       {std::tuple<std::string, std::string, const char*>{
            "s3cret:user", "p", "username: a user name must not contain a colon"},
        {"s3cret\nuser", "p", "username: contains a line break"},
        {"", "p", "username: is empty"},
        {"u", "\n", "password: is empty"},
        {"u", "s3cret\r\nX-Header: 1", "password: contains a line break"},
        {"u", std::string("s3cret\0", 7), "password: contains a line break"},
        {"u", std::string(5000, 'p'), "password: is larger than 4 KiB"}}) {
    const auto refused = authorization_of(username, password);
    ASSERT_FALSE(refused) << expected;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalid);
    EXPECT_THAT(refused.error().message, HasSubstr(expected));
    EXPECT_THAT(refused.error().message, Not(HasSubstr("s3cret")));
  }
}

TEST(HttpProxy, SaysWhichFileCannotBeRead) {
  const TemporaryFolder folder;
  HttpProxy proxy{.username_file = folder.path() / "username",
                  .password_file = folder.path() / "password"};
  EXPECT_THAT(proxy_authorization(proxy).error().message, HasSubstr("username: cannot be read"));
  proxy.username_file = folder.file("username", "u");
  EXPECT_THAT(proxy_authorization(proxy).error().message, HasSubstr("password: cannot be read"));
  proxy.password_file = folder.path();  // a folder, not a file
  EXPECT_FALSE(proxy_authorization(proxy));
}

}  // namespace
}  // namespace dualtrace

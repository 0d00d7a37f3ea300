// SPDX-License-Identifier: Apache-2.0
#include "common/net/url.h"

#include <gtest/gtest.h>

namespace dualtrace {
namespace {

TEST(Url, IsTakenApart) {
  const Url url = parse_url("https://Dbc-1.Cloud.example:8443/api/2.0?x=1").value();
  EXPECT_EQ(url.scheme, "https");
  EXPECT_TRUE(url.secure());
  EXPECT_EQ(url.authority, (HostPort{"dbc-1.cloud.example", 8443}));
  EXPECT_EQ(url.path, "/api/2.0?x=1");
  EXPECT_EQ(url.origin(), "https://dbc-1.cloud.example:8443");
}

TEST(Url, TakesThePortFromItsScheme) {
  EXPECT_EQ(parse_url("http://a").value().authority.port, 80);
  EXPECT_EQ(parse_url("HTTPS://a").value().authority.port, 443);
}

TEST(Url, LosesTrailingSlashesButKeepsAQuery) {
  EXPECT_EQ(parse_url("https://a/").value().path, "");
  EXPECT_EQ(parse_url("https://a/v1//").value().path, "/v1");
  EXPECT_EQ(parse_url("https://a/v1/?q=/").value().path, "/v1/?q=/");
  EXPECT_EQ(parse_url("https://a?q").value().path, "/?q");
}

TEST(Url, TakesAnIpv6HostInBracketsOnly) {
  const Url url = parse_url("http://[2001:DB8::1]:4318/v1").value();
  EXPECT_EQ(url.authority.host, "2001:db8::1");
  EXPECT_EQ(url.origin(), "http://[2001:db8::1]:4318");
  EXPECT_EQ(parse_url("http://[::1]").value().authority, (HostPort{"::1", 80}));
  EXPECT_FALSE(parse_url("http://::1:4318"));
}

TEST(Url, RefusesWhatIsNotStrictlyOne) {
  for (const char* text : {"",
                           "a.example",
                           "//a",
                           "ftp://a",
                           "https://",
                           "https:///path",
                           "https://user@a",
                           "https://user:secret@a",
                           "https://a#f",
                           "https://a/x#f",
                           "https://a b",
                           "https://a/b c",
                           "https://a/\n",
                           "https://a:",
                           "https://a:0",
                           "https://a:65536",
                           "https://a:+1",
                           "https://a:1x",
                           "https://a:000443",
                           "https://[::1",
                           "https://[1.2.3.4]",
                           "https://[::1]x",
                           "https://[fe80::1%25eth0]",
                           "https://a%2f",
                           "https://a/\xc3\xa9",
                           " https://a"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Url, NeverRepeatsItsInputInAnError) {
  const auto url = parse_url("https://user:hunter2@a");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos);
}

TEST(HostPort, IsParsedWithAndWithoutADefaultPort) {
  EXPECT_EQ(parse_host_port("otlp.arize.com", 443).value(), (HostPort{"otlp.arize.com", 443}));
  EXPECT_EQ(parse_host_port("[::]:4317", 0).value(), (HostPort{"::", 4317}));
  EXPECT_EQ(parse_host_port("127.0.0.1:0", 0).value(), (HostPort{"127.0.0.1", 0}));
  EXPECT_FALSE(parse_host_port("otlp.arize.com", 0));
  EXPECT_FALSE(parse_host_port(":4317", 0));
  EXPECT_FALSE(parse_host_port("::1", 4317));
}

TEST(HostPort, WritesBracketsAroundIpv6) {
  EXPECT_EQ((HostPort{"::1", 80}).to_string(), "[::1]:80");
  EXPECT_EQ((HostPort{"a", 80}).to_string(), "a:80");
}

}  // namespace
}  // namespace dualtrace

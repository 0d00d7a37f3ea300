// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/foreign_text.h"

#include <gtest/gtest.h>

#include "common/bytes/base64.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kBytesMax = 512;
const std::string kKey = "ak-4f/9+\"x\\&a%=";

TEST(ForeignText, IsOneShortLine) {
  EXPECT_EQ(readable("a\r\nb\x1b[31m\x7f", {}, kBytesMax), "a  b [31m ");
  EXPECT_EQ(readable(std::string(1000, 'a'), {}, 10), std::string(10, 'a'));
  EXPECT_EQ(readable(std::string(9, 'a') + "\xc3\xa9", {}, 10), std::string(9, 'a'));
  EXPECT_EQ(readable(std::string(8, 'a') + "\xc3\xa9", {}, 10), std::string(8, 'a') + "\xc3\xa9");
}

TEST(ForeignText, HidesASecretHoweverItIsWritten) {
  for (const std::string& written : std::vector<std::string>{
           kKey,
           R"(ak-4f/9+\"x\\&a%=)",                    // JSON
           R"(ak-4f\/9+\"x\\&a%=)",                   // JSON of PHP
           R"(ak-4f/9+\"x\\\u0026a%\u003d)",          // JSON of Gson
           R"(ak-4f/9+\u0022x\u005C\u0026a%\u003D)",  // JSON of .NET
           R"(ak-4f\\/9+\\\"x\\\\&a%\\u003d)",        // JSON in JSON
           "ak-4f%2F9%2B%22x%5C%26a%25%3D",           // a URL
           "ak-4f%2f9%2b%22x%5c%26a%25%3d",           // a URL, in lower case
           "ak-4f%252F9%252B%2522x%255C%2526a%2525%253D",
           "ak-4f/9+&quot;x\\&amp;a%=",  // HTML
           "ak-4f&#x2F;9&#43;&#34;x\\&#38;a%&#61;",
       }) {
    EXPECT_EQ(readable("key " + written + " is wrong", {kKey}, kBytesMax), "key (hidden) is wrong")
        << written;
  }
}

TEST(ForeignText, HidesASecretInBase64WhereverItStarts) {
  for (const char* before : {"", "u:", "us:", "user:", "{\"authorization\":\"Bearer "}) {
    for (const char* after : {"", "\"", "\"}", "more"}) {
      const std::string value = before + kKey + after;
      const std::string hidden = readable(encode_base64(value), {kKey}, kBytesMax);
      EXPECT_NE(hidden.find("(hidden)"), std::string::npos) << value;
      // At most one byte at each end can be guessed.
      EXPECT_LE(hidden.size(), encode_base64(value).size() - kKey.size() * 4 / 3 + 2 + 8) << hidden;
    }
  }
  const std::string secret = "dose\xfb\xff\xfe?>1234";
  std::string for_urls = encode_base64(secret);
  for (char& c : for_urls) c = c == '+' ? '-' : c == '/' ? '_' : c;
  EXPECT_NE(readable(for_urls, {secret}, kBytesMax).find("(hidden)"), std::string::npos);
}

TEST(ForeignText, HidesEverySecretEveryTime) {
  EXPECT_EQ(readable("a dose1234 b dose1234", {"dose1234"}, kBytesMax), "a (hidden) b (hidden)");
  EXPECT_EQ(readable("dose1234-more", {"dose1234", "dose1234-more"}, kBytesMax), "(hidden)")
      << "one may begin with another";
  EXPECT_EQ(readable("%41%42", {"%41%42"}, kBytesMax), "(hidden)") << "it may look like an escape";
  EXPECT_EQ(readable("%25%34%31%2542", {"%41%42"}, kBytesMax), "(hidden)");
}

TEST(ForeignText, LeavesNoPartOfASecretWhereItIsShortened) {
  for (size_t room = 0; room < 16; ++room) {
    const std::string text = std::string(20 - room, 'x') + "dose1234567890";
    EXPECT_EQ(readable(text, {"dose1234567890"}, 20).find("dose"), std::string::npos);
  }
}

TEST(ForeignText, LeavesOrdinaryWords) {
  EXPECT_EQ(readable("an id", {"id", ""}, kBytesMax), "an id") << "too short to be a secret";
  EXPECT_EQ(readable("plain", {}, kBytesMax), "plain");
  for (const char* text :
       {"%", "%3", "%zz", "\\", "\\u12", "\\\\", "&", "&amp", "&#;", "&#x110000;"}) {
    EXPECT_EQ(readable(text, {kKey, "%%%%", "&&&&", "\\\\\\\\"}, kBytesMax), text);
  }
}

// The answer of a hostile server must not cost more than any other.
TEST(ForeignText, IsFoundQuicklyInAnyText) {
  for (const char* unit : {"\\", "%25", "&#x", "ak-4f/9+"}) {
    std::string text;
    while (text.size() < 4'000'000) text += unit;
    EXPECT_EQ(readable(text, {kKey, kKey + kKey}, kBytesMax).size(), kBytesMax);
  }
}

}  // namespace
}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "common/compress/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <random>

namespace dualtrace {
namespace {

constexpr size_t kNoLimit = 256 * 1024 * 1024;

std::string text(size_t bytes) {
  std::mt19937 random(7);
  std::string result;
  while (result.size() < bytes) {
    result += "\"llm.token_count.prompt\": " + std::to_string(random() % 5000) + ", ";
  }
  result.resize(bytes);
  return result;
}

std::string noise(size_t bytes) {
  std::mt19937 random(11);
  std::string result(bytes, '\0');
  std::ranges::generate(result, [&] { return static_cast<char>(random()); });
  return result;
}

std::string zlib_gzip(const std::string& plain, int level = 6) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string output(deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  output.resize(stream.total_out);
  deflateEnd(&stream);
  return output;
}

std::string zlib_gunzip(const std::string& compressed, size_t plain_bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string output(plain_bytes + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  output.resize(stream.total_out);
  inflateEnd(&stream);
  return output;
}

ErrorKind refusal(std::string_view compressed, size_t bytes_max = kNoLimit) {
  const Result<std::string> result = gunzip(compressed, bytes_max);
  EXPECT_FALSE(result.has_value());
  return result ? ErrorKind::kInternal : result.error().kind;
}

TEST(Gzip, IsReadByZlib) {
  for (const size_t bytes : {0UL, 1UL, 100UL, 65'535UL, 300'000UL, 1'000'000UL}) {
    EXPECT_TRUE(zlib_gunzip(gzip(text(bytes)), bytes) == text(bytes)) << bytes;
    EXPECT_TRUE(zlib_gunzip(gzip(noise(bytes)), bytes) == noise(bytes)) << bytes;
  }
}

TEST(Gzip, MakesTextSmaller) { EXPECT_LT(gzip(text(300'000)).size(), 80'000); }

TEST(Gunzip, ReadsWhatZlibWrites) {
  for (const size_t bytes : {0UL, 1UL, 100UL, 65'535UL, 300'000UL, 1'000'000UL}) {
    for (const int level : {0, 1, 9}) {
      EXPECT_TRUE(gunzip(zlib_gzip(text(bytes), level), kNoLimit).value() == text(bytes)) << bytes;
    }
  }
}

TEST(Gunzip, RefusesAnEmptyText) { EXPECT_EQ(refusal(""), ErrorKind::kInvalid); }

TEST(Gunzip, ReadsAllMembers) {
  const std::string two = gzip("one, ") + zlib_gzip(text(200'000)) + gzip("") + gzip(" end");
  EXPECT_TRUE(gunzip(two, kNoLimit).value() == "one, " + text(200'000) + " end");
}

TEST(Gunzip, RefusesMoreMembersThanAnyWriterMakes) {
  const std::string member = gzip("");
  std::string many;
  for (int i = 0; i < 16'384; ++i) many += member;
  EXPECT_EQ(gunzip(many, kNoLimit).value(), "");
  EXPECT_EQ(refusal(many + member, kNoLimit), ErrorKind::kInvalid);
}

TEST(Gunzip, TakesAnOutputOfExactlyTheLimit) {
  for (const size_t bytes : {0UL, 1UL, 511UL, 512UL, 513UL, 100'000UL}) {
    EXPECT_EQ(gunzip(gzip(text(bytes)), bytes).value(), text(bytes));
    if (bytes > 0) {
      EXPECT_EQ(refusal(gzip(text(bytes)), bytes - 1), ErrorKind::kExhausted);
    }
  }
}

TEST(Gunzip, StopsABombAtTheLimit) {
  const std::string bomb = gzip(std::string(100'000'000, 'a'));
  ASSERT_LT(bomb.size(), 1'000'000);
  size_t granted = 0;
  const Result<std::string> result = gunzip(bomb, 1'000'000, [&](size_t bytes) -> Status {
    granted = std::max(granted, bytes);
    return {};
  });
  EXPECT_EQ(result.error().kind, ErrorKind::kExhausted);
  EXPECT_LE(granted, 2'000'000);
}

TEST(Gunzip, DoesNotTrustTheClaimedLength) {
  std::string claims_much = gzip("short");
  claims_much.replace(claims_much.size() - 4, 4, "\xff\xff\xff\xff");
  size_t granted = 0;
  const Result<std::string> result = gunzip(claims_much, kNoLimit, [&](size_t bytes) -> Status {
    granted = std::max(granted, bytes);
    return {};
  });
  EXPECT_EQ(result.error().kind, ErrorKind::kInvalid);
  EXPECT_LT(granted, 10'000);
}

TEST(Gunzip, EndsWhenItMayNotGrow) {
  const std::string compressed = gzip(text(300'000)) + gzip(text(300'000));
  const Result<std::string> result = gunzip(compressed, kNoLimit, [](size_t bytes) -> Status {
    return bytes < 500'000 ? Status{} : fail(ErrorKind::kUnavailable, "no memory");
  });
  EXPECT_EQ(result.error().kind, ErrorKind::kUnavailable);
}

TEST(Gunzip, RefusesEveryTruncation) {
  const std::string compressed = zlib_gzip(text(2'000));
  for (size_t size = 0; size < compressed.size(); ++size) {
    EXPECT_EQ(refusal(compressed.substr(0, size)), ErrorKind::kInvalid) << size;
  }
}

TEST(Gunzip, RefusesTrailingGarbage) {
  for (const std::string& garbage : {std::string("x"), std::string("\0", 1), std::string("\x1f"),
                                     std::string("\x1f\x8b"), std::string(100, '\0')}) {
    EXPECT_EQ(refusal(gzip("body") + garbage), ErrorKind::kInvalid);
  }
}

TEST(Gunzip, RefusesAWrongChecksumOrLength) {
  for (size_t from_end = 1; from_end <= 8; ++from_end) {
    std::string compressed = gzip(text(1'000));
    compressed[compressed.size() - from_end] ^= 1;
    EXPECT_EQ(refusal(compressed), ErrorKind::kInvalid) << from_end;
  }
}

TEST(Gunzip, RefusesWhatIsNotGzip) {
  EXPECT_EQ(refusal(""), ErrorKind::kInvalid);
  EXPECT_EQ(refusal("plain text that is no gzip at all"), ErrorKind::kInvalid);
  EXPECT_EQ(refusal(noise(1'000)), ErrorKind::kInvalid);
}

}  // namespace
}  // namespace dualtrace

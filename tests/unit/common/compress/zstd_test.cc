// SPDX-License-Identifier: Apache-2.0
#include "common/compress/zstd.h"

#include <gtest/gtest.h>
#include <zstd.h>

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

// As a stream, which does not contain its size, or as one frame that does.
enum class Size { kTold, kUntold };

std::string zstd(const std::string& plain, Size size = Size::kTold, int window_log = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, size == Size::kTold ? 1 : 0);
  if (window_log != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string output(ZSTD_compressBound(plain.size()), '\0');
  const size_t bytes =
      ZSTD_compress2(context, output.data(), output.size(), plain.data(), plain.size());
  EXPECT_EQ(ZSTD_isError(bytes), 0);
  ZSTD_freeCCtx(context);
  output.resize(bytes);
  return output;
}

ErrorKind refusal(std::string_view compressed, size_t bytes_max = kNoLimit) {
  const Result<std::string> result = unzstd(compressed, bytes_max);
  EXPECT_FALSE(result.has_value());
  return result.error().kind;
}

TEST(Unzstd, ReadsWhatZstdWrites) {
  for (const size_t size : {0, 1, 511, 512, 513, 100'000, 5'000'000}) {
    const std::string plain = text(size);
    EXPECT_EQ(unzstd(zstd(plain), kNoLimit).value(), plain) << size;
    EXPECT_EQ(unzstd(zstd(plain, Size::kUntold), kNoLimit).value(), plain) << size;
    EXPECT_EQ(unzstd(zstd(plain), size).value(), plain) << "just full";
  }
}

TEST(Unzstd, ReadsAllFrames) {
  const std::string skippable("\x50\x2a\x4d\x18\x03\x00\x00\x00odd", 11);
  EXPECT_EQ(unzstd(zstd("one ") + skippable + zstd("two"), kNoLimit).value(), "one two");
  EXPECT_EQ(unzstd(zstd("one ") + zstd("two") + skippable, kNoLimit).value(), "one two");
}

TEST(Unzstd, RefusesWhatIsNotZstd) {
  EXPECT_EQ(refusal(""), ErrorKind::kInvalid);
  EXPECT_EQ(refusal("not zstd"), ErrorKind::kInvalid);
  EXPECT_EQ(refusal(zstd("plain") + "x"), ErrorKind::kInvalid);
  std::string damaged = zstd(text(1'000));
  damaged.back() = static_cast<char>(damaged.back() ^ 1);  // in the checksum
  EXPECT_EQ(refusal(damaged), ErrorKind::kInvalid);
}

TEST(Unzstd, RefusesEveryTruncation) {
  const std::string whole = zstd(text(10'000), Size::kUntold);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(refusal(whole.substr(0, size)), ErrorKind::kInvalid) << size;
  }
}

TEST(Unzstd, StopsABombAtTheLimit) {
  EXPECT_EQ(refusal(zstd(std::string(50'000'000, '\0')), 1'000'000), ErrorKind::kExhausted);
  EXPECT_EQ(refusal(zstd(std::string(50'000'000, '\0'), Size::kUntold), 1'000'000),
            ErrorKind::kExhausted);
  std::string frames;
  for (int count = 0; count < 20'000; ++count) frames += zstd("");
  EXPECT_EQ(refusal(frames), ErrorKind::kInvalid);
}

TEST(Unzstd, RefusesAWindowAboveTheLimit) {
  const std::string plain = text(20'000'000);
  EXPECT_EQ(unzstd(zstd(plain, Size::kUntold, 23), kNoLimit).value(), plain);
  EXPECT_EQ(refusal(zstd(plain, Size::kUntold, 24)), ErrorKind::kInvalid);
}

TEST(Unzstd, AsksForMemoryBeforeItGrows) {
  const std::string plain = text(1'000'000);
  size_t allowed = 0;
  const auto result = unzstd(zstd(plain, Size::kUntold), kNoLimit, [&allowed](size_t bytes) {
    allowed = std::max(allowed, bytes);
    return Status();
  });
  EXPECT_EQ(result.value(), plain);
  EXPECT_GE(allowed, 2 * plain.size());  // the output, and a window of the same size
  EXPECT_LE(allowed, 5 * plain.size() + 1'000'000);
  size_t small = 0;
  const auto note = [&small](size_t bytes) {
    small = std::max(small, bytes);
    return Status();
  };
  EXPECT_TRUE(unzstd(zstd(text(1'000)), kNoLimit, note).has_value());
  EXPECT_LE(small, 300'000);
  const auto refused = unzstd(zstd(plain), kNoLimit,
                              [](size_t) { return Status(fail(ErrorKind::kUnavailable, "no")); });
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace dualtrace

// SPDX-License-Identifier: Apache-2.0
#include "common/config/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace dualtrace {
namespace {

using std::chrono::milliseconds;

TEST(ConfigDuration, ReadsUnitsAloneAndTogether) {
  EXPECT_EQ(parse_duration("200ms").value(), milliseconds(200));
  EXPECT_EQ(parse_duration("0s").value(), milliseconds(0));
  EXPECT_EQ(parse_duration("72h").value(), std::chrono::hours(72));
  EXPECT_EQ(parse_duration("1h30m").value(), std::chrono::minutes(90));
  EXPECT_EQ(parse_duration("1m1s1ms").value(), milliseconds(61'001));
}

TEST(ConfigDuration, RefusesWhatIsNotClear) {
  for (const char* text : {"", "5", "h", "5d", "-1s", "+1s", "1.5h", "1s1h", "1s1s", "1 s", "1S",
                           "s1", "1h30", "99999999999999999999s"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message, "expected a duration such as 200ms, 30s or 1h30m") << text;
  }
}

TEST(ConfigDuration, RefusesWhatWouldOverflow) {
  EXPECT_EQ(parse_duration("18446744073709551615h").error().message, "the duration is too long");
  EXPECT_EQ(parse_duration("878400h1ms").error().message, "the duration is too long");
}

TEST(ConfigSize, ReadsKubernetesQuantities) {
  EXPECT_EQ(parse_size("0").value(), 0);
  EXPECT_EQ(parse_size("1048576").value(), 1 << 20);
  EXPECT_EQ(parse_size("64Mi").value(), 64 << 20);
  EXPECT_EQ(parse_size("4Gi").value(), 4ULL << 30);
  EXPECT_EQ(parse_size("3900k").value(), 3'900'000);
  EXPECT_EQ(parse_size("3.9M").value(), 3'900'000);
  EXPECT_EQ(parse_size("1.5Gi").value(), 3ULL << 29);
  EXPECT_EQ(parse_size("2Pi").value(), 2ULL << 50);
  EXPECT_EQ(parse_size("18446744073709551615").value(), std::numeric_limits<uint64_t>::max());
}

TEST(ConfigSize, RefusesWhatIsNotASize) {
  for (const char* text :
       {"", "Mi", "64MB", "64mi", "64 Mi", "-1", "1e6", "1.Mi", ".5Mi", "100m", "1Mi1Ki"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
  EXPECT_EQ(parse_size("1.5").error().message, "not a whole number of bytes");
  EXPECT_EQ(parse_size("17179869184Pi").error().message, "the size is too large");
  EXPECT_EQ(parse_size("18446744073709551615.5").error().message, "the size is too large");
  EXPECT_EQ(parse_size("0.0000000001Pi").error().message,
            "too many digits after the decimal point");
}

TEST(ConfigCount, ReadsWholeNumbersOnly) {
  EXPECT_EQ(parse_count("100").value(), 100);
  for (const char* text : {"", "-1", "1.0", "1k", "0x10", " 1", "99999999999999999999"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
}

TEST(ConfigValue, ReadsSharesOfADisk) {
  EXPECT_EQ(*parse_disk_share("15%"), DiskShare{.percent = 15});
  EXPECT_EQ(*parse_disk_share("90%"), DiskShare{.percent = 90});
  EXPECT_EQ(*parse_disk_share("0%"), DiskShare());
  EXPECT_EQ(*parse_disk_share("0"), DiskShare());
  EXPECT_EQ(*parse_disk_share("20Gi"), DiskShare{.bytes = 20ULL << 30});
  EXPECT_EQ(*parse_disk_share("64Ti"), DiskShare{.bytes = 64ULL << 40});
  for (const char* text : {"", "%", "15 %", "1.5%", "-1%", "15%%", "91%", "65Ti", "much",
                           "18446744073709551615%", "15Gi%"}) {
    EXPECT_FALSE(parse_disk_share(text)) << text;
  }
}

TEST(ConfigValue, AShareOfADiskIsOfItsSize) {
  EXPECT_EQ((DiskShare{.percent = 15}.of(1000)), 150u);
  EXPECT_EQ((DiskShare{.percent = 90}.of(UINT64_MAX)), UINT64_MAX / 100 * 90);
  EXPECT_EQ((DiskShare{.bytes = 7}.of(1000)), 7u);
  EXPECT_EQ(DiskShare().of(1000), 0u);
}

TEST(ConfigValue, NeverRepeatsTheText) {
  EXPECT_EQ(parse_duration("secret").error().message.find("secret"), std::string::npos);
  EXPECT_EQ(parse_size("secret").error().message.find("secret"), std::string::npos);
  EXPECT_EQ(parse_count("secret").error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace dualtrace

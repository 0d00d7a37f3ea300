// SPDX-License-Identifier: Apache-2.0
#include "common/time/rfc3339.h"

#include <gtest/gtest.h>

namespace dualtrace {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kWhen{seconds(1'767'323'045)};  // 2026-01-02T03:04:05Z

TEST(Rfc3339, WritesAllSixDigitsOfTheMicroseconds) {
  EXPECT_EQ(rfc3339_micros(kWhen), "2026-01-02T03:04:05.000000Z");
  EXPECT_EQ(rfc3339_micros(kWhen + Duration(1'234'999)), "2026-01-02T03:04:05.001234Z");
  EXPECT_EQ(rfc3339_micros(WallTime(Duration(-1))), "1969-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, ReadsWhatItWrites) {
  EXPECT_EQ(rfc3339(kWhen), "2026-01-02T03:04:05Z");
  EXPECT_EQ(parse_rfc3339(rfc3339(kWhen)), kWhen);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), WallTime(seconds(-1)));
}

TEST(Rfc3339, ReadsFractionsAndOffsets) {
  EXPECT_EQ(parse_rfc3339("2026-01-02T03:04:05.250000Z"), kWhen + milliseconds(250));
  EXPECT_EQ(parse_rfc3339("2026-01-02T03:04:05.0000000001z"), kWhen);
  EXPECT_EQ(parse_rfc3339("2026-01-02T05:34:05+02:30"), kWhen);
  EXPECT_EQ(parse_rfc3339("2026-01-01T22:04:05-05:00"), kWhen);
}

// Who reads two of them from outside subtracts them.
TEST(Rfc3339, ReadsTimesWhoseDifferenceIsADuration) {
  const WallTime first = parse_rfc3339("1950-01-01T00:00:00+23:59").value();
  const WallTime last = parse_rfc3339("2200-12-31T23:59:59-23:59").value();
  EXPECT_GT(last - first, std::chrono::hours(24 * 365 * 250));
  EXPECT_LT(first - last, Duration(0));
  EXPECT_EQ(parse_rfc3339("1949-12-31T23:59:59Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("2201-01-01T00:00:00Z"), std::nullopt);
}

TEST(Rfc3339, ReadsNothingElse) {
  for (const char* text :
       {"", "now", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05Zz", "2026-13-02T03:04:05Z", "2026-01-02T24:04:05Z",
        "2026-01-02T03:04:05+2:30", "-026-01-02T03:04:05Z", "9999-01-02T03:04:05Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace dualtrace

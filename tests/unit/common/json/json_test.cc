// SPDX-License-Identifier: Apache-2.0
#include "common/json/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace dualtrace {
namespace {

TEST(JsonCount, IsTheIntegerAtThePathHoweverItWasMade) {
  EXPECT_EQ(count_at(parse_json(R"({"spans": {"lost": 7}})").value(), {"spans", "lost"}), 7U);
  EXPECT_EQ(count_at({{"spans", int64_t{7}}}, {"spans"}), 7U);
  EXPECT_EQ(count_at({{"spans", uint64_t{7}}}, {"spans"}), 7U);
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(count_at(parse_json(R"({"spans": 18446744073709551615})").value(), {"spans"}), kMost);
}

TEST(JsonCount, IsZeroForWhatIsNoCount) {
  EXPECT_EQ(count_at(parse_json(R"({"spans": -7})").value(), {"spans"}), 0U);
  for (const Json& value : {Json(), Json("7"), Json(7.5), Json(true), Json::array({7})}) {
    EXPECT_EQ(count_at({{"spans", value}}, {"spans"}), 0U) << value;
  }
  EXPECT_EQ(count_at(Json::object(), {"spans"}), 0U);
}

}  // namespace
}  // namespace dualtrace

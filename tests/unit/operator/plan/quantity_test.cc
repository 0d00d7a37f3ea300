// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/quantity.h"

#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

constexpr uint64_t kMebibyte = 1 << 20;

TEST(Quantity, IsWrittenAsTheApiServerWould) {
  EXPECT_EQ(quantity(0), "0");
  EXPECT_EQ(quantity(1000), "1k");
  EXPECT_EQ(quantity(1024), "1Ki");
  EXPECT_EQ(quantity(4736 * kMebibyte), "4736Mi");
  EXPECT_EQ(quantity(5120 * kMebibyte), "5Gi");
  EXPECT_EQ(quantity(uint64_t{1} << 50), "1Pi");
}

TEST(Quantity, OfAContainerIsWrittenAsTheApiServerWould) {
  const auto canonical = [](const char* resource, const char* text) {
    const Json made = canonical_resources({{"limits", {{resource, text}}}});
    return made.at("limits").at(resource).get<std::string>();
  };
  EXPECT_EQ(canonical("memory", "1024Mi"), "1Gi");
  EXPECT_EQ(canonical("memory", "1.5Gi"), "1536Mi");
  EXPECT_EQ(canonical("memory", "500M"), "500M");
  EXPECT_EQ(canonical("memory", "1.5G"), "1500M");
  EXPECT_EQ(canonical("memory", "1048576"), "1048576");
  EXPECT_EQ(canonical("memory", "0"), "0");
  EXPECT_EQ(canonical("memory", "512Mi"), "512Mi");
  EXPECT_EQ(canonical("cpu", "1000m"), "1");
  EXPECT_EQ(canonical("cpu", "0.5"), "500m");
  EXPECT_EQ(canonical("cpu", "50m"), "50m");
  EXPECT_EQ(canonical("cpu", "0"), "0");
  EXPECT_EQ(canonical("cpu", "2"), "2");
  EXPECT_EQ(canonical("cpu", "much"), "much");
}

}  // namespace
}  // namespace dualtrace::ctl

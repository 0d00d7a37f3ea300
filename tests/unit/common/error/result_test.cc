// SPDX-License-Identifier: Apache-2.0
#include "common/error/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace dualtrace {
namespace {

Result<int> parse(bool good) {
  if (!good) return fail(ErrorKind::kInvalid, "not a number");
  return 7;
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(parse(true).value(), 7);
  EXPECT_FALSE(parse(false));
  EXPECT_EQ(parse(false).error().kind, ErrorKind::kInvalid);
}

TEST(Result, MovesOutMoveOnlyValues) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 3);
}

TEST(Result, PassesAnErrorOnWithContext) {
  const Status status = fail(parse(false).error().with_prefix("limits: "));
  EXPECT_EQ(status.error().message, "limits: not a number");
}

TEST(ResultDeathTest, EndsTheProcessWhenTheValueOfAnErrorIsTaken) {
  EXPECT_DEATH(static_cast<void>(parse(false).value()), "invariant violated");
}

}  // namespace
}  // namespace dualtrace

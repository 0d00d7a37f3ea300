#include "agent/app/space_id.h"

#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

class FixedCredential final : public Credential {
 public:
  explicit FixedCredential(std::string text) : text_(std::move(text)) {}
  Result<std::string> value() override { return text_; }
  void invalidate() override {}
  [[nodiscard]] std::string fingerprint() const override { return "f"; }

 private:
  const std::string text_;
};

TEST(SpaceId, PassesAnIdThrough) {
  const auto space_id = make_space_id(std::make_unique<FixedCredential>("U3BhY2U6MTphYmNk"));
  ASSERT_TRUE(space_id->value());
  EXPECT_EQ(*space_id->value(), "U3BhY2U6MTphYmNk");
}

TEST(SpaceId, TreatsANameAsNoValueAndDoesNotRepeatIt) {
  const auto space_id = make_space_id(std::make_unique<FixedCredential>("my-secret-space"));
  const Result<std::string> value = space_id->value();
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(value.error().message.find("my-secret-space"), std::string::npos);
}

}  // namespace
}  // namespace dualtrace::agent

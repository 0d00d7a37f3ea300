// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/body.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_intake.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kKiB = 1024;

TEST(Body, RefusesAnAnnouncedSizeAboveTheLimitForGood) {
  FakeIntake intake;
  Body body(intake, 100);
  EXPECT_EQ(body.expect(101).error().kind, ErrorKind::kExhausted);
  EXPECT_TRUE(Body(intake, 100).expect(100));
}

TEST(Body, RefusesAnAnnouncedSizeThatIsNotFreeNow) {
  FakeIntake intake;
  const Ticket other = intake.admit(900 * kKiB).value();
  Body body(intake, 256 * kKiB);
  EXPECT_EQ(body.expect(200 * kKiB).error().kind, ErrorKind::kUnavailable);
}

TEST(Body, DoesNotLetAnAnnouncementHoldTheBudget) {
  FakeIntake intake;
  Body body(intake, 256 * kKiB);
  ASSERT_TRUE(body.expect(256 * kKiB));
  EXPECT_EQ(intake.admission.bytes_admitted(), 64 * kKiB);
  const std::string piece(100 * kKiB, 'x');
  ASSERT_TRUE(body.append(piece));
  EXPECT_EQ(intake.admission.bytes_admitted(), 128 * kKiB);
}

TEST(Body, GrowsTheTicketInDoublingStepsUpToTheLimit) {
  FakeIntake intake;
  Body body(intake, 40 * kKiB);
  const std::string piece(kKiB, 'x');
  size_t last = 0;
  size_t steps = 0;
  for (size_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(body.append(piece));
    EXPECT_GE(intake.admission.bytes_admitted(), body.bytes().size());
    if (intake.admission.bytes_admitted() != last) ++steps;
    last = intake.admission.bytes_admitted();
  }
  EXPECT_EQ(steps, 3u);  // 16, 32, 40
  EXPECT_EQ(last, 40 * kKiB);
  EXPECT_EQ(body.append("x").error().kind, ErrorKind::kExhausted);
}

TEST(Body, RefusesInTheMiddleWhenTheBudgetIsUsedUp) {
  FakeIntake intake;
  Body body(intake, 256 * kKiB);
  ASSERT_TRUE(body.append("x"));
  const Ticket other = intake.admit(1000 * kKiB).value();
  EXPECT_EQ(body.append(std::string(30 * kKiB, 'x')).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(body.bytes(), "x");
}

TEST(Body, HandsOnATicketOfWhatItsBytesTake) {
  FakeIntake intake;
  Body body(intake, 256 * kKiB);
  ASSERT_TRUE(body.append("hello"));
  const IntakeRequest request = body.take();
  EXPECT_EQ(request.body, "hello");
  // The charge is the string's capacity, not the reservation for the rest that never arrived.
  EXPECT_EQ(request.ticket.bytes(), request.body.capacity());
  EXPECT_EQ(intake.admission.bytes_admitted(), request.body.capacity());
  EXPECT_LT(request.body.capacity(), 64u);
}

// A string that grows by itself doubles its capacity, so a body of more than half of the budget
// would not fit.
TEST(Body, TakesNoMoreThanWasAnnounced) {
  FakeIntake intake(4 * 1024 * kKiB);
  constexpr size_t kSize = 5 * 1024 * kKiB / 2;
  Body body(intake, 4 * 1024 * kKiB);
  ASSERT_TRUE(body.expect(kSize));
  const std::string piece(kKiB, 'x');
  for (size_t i = 0; i < kSize / kKiB; ++i) ASSERT_TRUE(body.append(piece));
  EXPECT_EQ(body.take().body.capacity(), kSize);
}

TEST(Body, IsOfItsPeersShare) {
  FakeIntake intake;
  const auto peer = std::make_shared<PeerShare>();
  Body body(intake, 256 * kKiB, peer);
  ASSERT_TRUE(body.expect(100 * kKiB));
  EXPECT_EQ(peer->bytes(), 64 * kKiB);
  ASSERT_TRUE(body.append(std::string(100 * kKiB, 'x')));
  EXPECT_EQ(peer->bytes(), 100 * kKiB);
  body.drop();
  EXPECT_EQ(peer->bytes(), 0u);
}

}  // namespace
}  // namespace dualtrace::agent

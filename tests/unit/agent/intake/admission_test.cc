#include "agent/intake/admission.h"

#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

TEST(Admission, TakesTheBytesBackWhenATicketDies) {
  Admission admission(100);
  {
    const Result<Ticket> ticket = admission.admit(60);
    ASSERT_TRUE(ticket);
    EXPECT_EQ(admission.bytes_admitted(), 60u);
  }
  EXPECT_EQ(admission.bytes_admitted(), 0u);
}

TEST(Admission, RefusesWithADelayHintWhenTheBudgetIsUsedUp) {
  Admission admission(100);
  const Result<Ticket> first = admission.admit(60);
  const Result<Ticket> second = admission.admit(41);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(second.error().retry_after.has_value());
  EXPECT_EQ(admission.refusals(), 1u);
  EXPECT_TRUE(admission.admit(40));
}

TEST(Admission, RefusesForGoodWhatIsAboveTheWholeBudget) {
  Admission admission(100);
  EXPECT_EQ(admission.admit(101).error().kind, ErrorKind::kExhausted);
  Ticket ticket = admission.admit(10).value();
  EXPECT_EQ(ticket.grow_to(101).error().kind, ErrorKind::kExhausted);
  EXPECT_EQ(ticket.bytes(), 10u);
}

TEST(Admission, GrowsAndShrinksATicket) {
  Admission admission(100);
  Ticket ticket = admission.admit(10).value();
  EXPECT_TRUE(ticket.grow_to(50));
  EXPECT_TRUE(ticket.grow_to(20));  // holds that much already
  EXPECT_EQ(admission.bytes_admitted(), 50u);
  const Ticket other = admission.admit(50).value();
  EXPECT_EQ(ticket.grow_to(51).error().kind, ErrorKind::kUnavailable);
  ticket.shrink_to(5);
  EXPECT_EQ(admission.bytes_admitted(), 55u);
}

TEST(Admission, MovesATicketWithItsBytes) {
  Admission admission(100);
  Ticket outer;
  {
    Ticket inner = admission.admit(30).value();
    outer = std::move(inner);
  }
  EXPECT_EQ(admission.bytes_admitted(), 30u);
  outer = Ticket();
  EXPECT_EQ(admission.bytes_admitted(), 0u);
}

}  // namespace
}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/intake/admission.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

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

// With a budget of 6400, requests up to 100 are small; larger holders share 5600.
class AdmissionShares : public testing::Test {
 protected:
  using Peer = std::shared_ptr<PeerShare>;
  static Peer peer(Peer group = nullptr) { return std::make_shared<PeerShare>(std::move(group)); }
  // Admits requests of `bytes` until one is refused. Returns the bytes that were admitted.
  size_t fill(const Peer& who, size_t bytes) {
    size_t total = 0;
    for (;;) {
      Result<Ticket> ticket = admission.admit(bytes, who);
      if (!ticket) {
        refusal = ticket.error();
        return total;
      }
      total += bytes;
      tickets[who.get()].push_back(std::move(ticket).value());
    }
  }
  void release(const Peer& who, size_t count) {
    for (; count > 0; --count) tickets[who.get()].pop_back();
  }

  Admission admission{6400};
  std::map<const PeerShare*, std::vector<Ticket>> tickets;
  Error refusal{};
};

TEST_F(AdmissionShares, LeaveAllButAReserveToOneThatIsAlone) {
  const Peer noisy = peer();
  EXPECT_EQ(fill(noisy, 50), 5600u);
  EXPECT_EQ(refusal.kind, ErrorKind::kThrottled);
  EXPECT_TRUE(refusal.retry_after.has_value());
  EXPECT_EQ(admission.share_refusals(), 1u);
  EXPECT_EQ(admission.refusals(), 1u);
}

TEST_F(AdmissionShares, AlwaysTakeNewPeersThatWantLittle) {
  const Peer noisy = peer();
  fill(noisy, 50);
  std::vector<Ticket> quiet;
  for (int i = 0; i < 16; ++i) {
    Result<Ticket> ticket = admission.admit(50, peer());
    ASSERT_TRUE(ticket) << i;
    quiet.push_back(std::move(ticket).value());
  }
  EXPECT_EQ(admission.share_refusals(), 1u);
}

TEST_F(AdmissionShares, AreEqualAmongThoseThatWantMuch) {
  const Peer first = peer();
  const Peer second = peer();
  EXPECT_EQ(fill(first, 50), 5600u);
  EXPECT_EQ(fill(second, 50), 100u);  // from the reserve
  // As the first peer's requests are stored, only the second peer may use the freed space.
  for (int round = 0; round < 60; ++round) {
    if (tickets[first.get()].size() > 10) release(first, 1);
    fill(second, 50);
    fill(first, 50);
  }
  EXPECT_NEAR(static_cast<double>(first->bytes()), 2800, 100);
  EXPECT_NEAR(static_cast<double>(second->bytes()), 2800, 100);
}

TEST_F(AdmissionShares, ReturnToWhoIsLeft) {
  const Peer first = peer();
  {
    const Peer second = peer();
    fill(second, 50);
    tickets.clear();
    EXPECT_EQ(second->bytes(), 0u);
  }
  EXPECT_EQ(fill(first, 50), 5600u);
}

TEST_F(AdmissionShares, TakeOneLargeRequestOfWhoHoldsNothingElse) {
  const Peer noisy = peer();
  fill(noisy, 50);
  release(noisy, 60);  // 3000 are free
  const Peer other = peer();
  EXPECT_EQ(admission.admit(3100, other).error().kind, ErrorKind::kThrottled);
  const Result<Ticket> one = admission.admit(2900, other);
  ASSERT_TRUE(one);
  EXPECT_EQ(admission.admit(200, other).error().kind, ErrorKind::kThrottled);
  tickets.clear();
  // This also holds for a budget that is no larger than one request.
  Admission tight(1000);
  EXPECT_TRUE(tight.admit(1000, peer()));
}

TEST_F(AdmissionShares, HoldForWhatGrows) {
  const Peer noisy = peer();
  fill(noisy, 50);
  Ticket& last = tickets[noisy.get()].back();
  EXPECT_EQ(last.grow_to(51).error().kind, ErrorKind::kThrottled);
  EXPECT_EQ(last.bytes(), 50u);
  EXPECT_EQ(noisy->bytes(), 5600u);
  EXPECT_EQ(admission.bytes_admitted(), 5600u);
}

TEST_F(AdmissionShares, DoNotGrowWithTheNumberOfAddressesInAGroup) {
  const Peer network = peer();
  const Peer other = peer();
  size_t total = 0;
  for (int i = 0; i < 40; ++i) {
    const Peer member = peer(network);
    total += fill(member, 90);
  }
  EXPECT_EQ(total, network->bytes());
  EXPECT_LE(total, 6000u);  // half of the reserve is kept for other networks
  EXPECT_TRUE(admission.admit(90, other));
}

TEST_F(AdmissionShares, AreEqualWithinAGroupToo) {
  const Peer network = peer();
  const Peer first = peer(network);
  const Peer second = peer(network);
  fill(first, 50);
  for (int round = 0; round < 60; ++round) {
    if (tickets[first.get()].size() > 10) release(first, 1);
    fill(second, 50);
    fill(first, 50);
  }
  EXPECT_NEAR(static_cast<double>(first->bytes()), 2800, 150);
  EXPECT_NEAR(static_cast<double>(second->bytes()), 2800, 150);
}

TEST_F(AdmissionShares, AreKeptByATicketThatOutlivesItsPeer) {
  Result<Ticket> ticket = admission.admit(500, peer());
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->peer()->bytes(), 500u);
  Ticket moved = std::move(ticket).value();
  moved.shrink_to(20);
  EXPECT_EQ(moved.peer()->bytes(), 20u);
}

}  // namespace
}  // namespace dualtrace::agent

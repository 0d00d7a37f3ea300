// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/peers.h"

#include <gtest/gtest.h>

#include <map>

#include "agent/intake/admission.h"
#include "tests/fakes/fake_clock.h"

namespace dualtrace::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

PeerAddress ipv4(uint8_t last) { return PeerAddress::of_ipv4({127, 0, 0, last}); }

PeerAddress ipv6(uint8_t network, uint8_t host) {
  PeerAddress address;
  address.bytes = {0x20, 0x01, 0, 0, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, host};
  return address;
}

class PeersTest : public testing::Test {
 protected:
  // Returns false if refused. Displaced places are released, as their connections would do.
  bool enter(const PeerAddress& address) {
    Peers::Entry entry = peers->enter(address, clock.tick());
    for (const auto& displaced : entry.displaced) {
      displaced->displace();
      std::erase(open, displaced);
    }
    if (!entry.place) return false;
    entry.place->bind([this, address] { ++displaced_of[address]; });
    open.push_back(entry.place);
    clock.advance(milliseconds(1));
    return true;
  }
  void enter(const PeerAddress& address, int count) {
    for (; count > 0; --count) ASSERT_TRUE(enter(address));
  }

  FakeClock clock;
  std::shared_ptr<Peers> peers = std::make_shared<Peers>(100);
  std::vector<std::shared_ptr<Place>> open;
  std::unordered_map<PeerAddress, int, PeerAddressHash> displaced_of;
};

TEST_F(PeersTest, LeaveEveryPlaceToOneThatIsAlone) {
  enter(ipv4(1), 100);
  EXPECT_EQ(peers->places(), 100u);
  EXPECT_FALSE(enter(ipv4(1)));  // its own connections are too recent to be displaced
  EXPECT_TRUE(displaced_of.empty());
}

TEST_F(PeersTest, TakeThePlaceOfTheLongestIdleOfWhoHasMost) {
  enter(ipv4(2), 10);
  enter(ipv4(1), 90);
  const std::weak_ptr<Place> oldest = open[10];
  for (uint8_t other = 10; other < 30; ++other) EXPECT_TRUE(enter(ipv4(other)));
  EXPECT_TRUE(oldest.expired());
  EXPECT_EQ(displaced_of.size(), 1u);
  EXPECT_GE(displaced_of[ipv4(1)], 20);
  EXPECT_LE(peers->places(), 100u);
}

TEST_F(PeersTest, KnowIdleFromBusy) {
  enter(ipv4(1), 100);
  for (size_t i = 0; i < open.size(); ++i) {
    open[i]->update(i % 2 == 0 ? Activity::kStoring : Activity::kReading, clock.tick());
    clock.advance(milliseconds(1));
  }
  const std::weak_ptr<Place> idle = open[70];
  open[70]->update(Activity::kIdle, clock.tick() + seconds(1));
  EXPECT_TRUE(enter(ipv4(2)));  // the only idle one
  EXPECT_TRUE(idle.expired());
  const std::weak_ptr<Place> reading = open[1];
  EXPECT_TRUE(enter(ipv4(3)));  // none is idle, so the longest reader goes
  EXPECT_TRUE(reading.expired());
  for (const auto& place : open) place->update(Activity::kStoring, clock.tick());
  while (peers->places() < 100) ASSERT_TRUE(enter(ipv4(1)));
  for (const auto& place : open) place->update(Activity::kStoring, clock.tick());
  EXPECT_FALSE(enter(ipv4(4)));  // displacing one would lose an answer
}

TEST_F(PeersTest, DoNotTakeATrickleForYouth) {
  enter(ipv4(1), 1);
  Place& place = *open[0];
  place.update(Activity::kReading, clock.tick());
  const Tick since = place.since();
  clock.advance(seconds(3));
  place.update(Activity::kReading, clock.tick());
  EXPECT_EQ(place.since(), since);
  place.update(Activity::kIdle, clock.tick());
  EXPECT_EQ(place.since(), clock.tick());
}

TEST_F(PeersTest, RefuseWhoHasMost) {
  enter(ipv4(1), 50);
  enter(ipv4(2), 50);
  EXPECT_FALSE(enter(ipv4(1)));
  EXPECT_TRUE(enter(ipv4(3)));
}

TEST_F(PeersTest, LetAPeerReplaceItsOwnIdleOnes) {
  enter(ipv4(1), 100);
  clock.advance(seconds(2));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(enter(ipv4(1))) << i;
}

TEST_F(PeersTest, CountTheAddressesOfANetworkTogether) {
  for (uint8_t host = 0; host < 60; ++host) enter(ipv6(1, host), 1);
  enter(ipv6(2, 1), 40);  // more than any other single address
  EXPECT_TRUE(enter(ipv4(1)));
  EXPECT_EQ(displaced_of.count(ipv6(2, 1)), 0u);
}

TEST_F(PeersTest, ShareInAdmissionByAddressWithinTheNetwork) {
  enter(ipv6(1, 1), 2);
  enter(ipv6(1, 2), 1);
  enter(ipv4(1), 1);
  EXPECT_EQ(open[0]->share(), open[1]->share());
  EXPECT_NE(open[0]->share(), open[2]->share());
  EXPECT_EQ(open[0]->share()->group(), open[2]->share()->group());
  EXPECT_EQ(open[3]->share()->group(), nullptr);
}

TEST_F(PeersTest, ForgetWhoIsGoneUnlessItStillHoldsSomething) {
  Admission admission(1000);
  enter(ipv4(1), 1);
  enter(ipv6(1, 1), 1);
  const std::shared_ptr<PeerShare> share = open[0]->share();
  Result<Ticket> ticket = admission.admit(10, share);
  open.clear();
  EXPECT_EQ(peers->known(), 1u);
  enter(ipv4(1), 1);
  EXPECT_EQ(open[0]->share(), share);
  ticket = Ticket();
  open.clear();
  EXPECT_EQ(peers->known(), 0u);
}

TEST_F(PeersTest, BoundTheTableByWhatIsOpen) {
  for (int round = 0; round < 30; ++round) {
    for (int last = 0; last < 256; ++last) {
      enter(ipv6(static_cast<uint8_t>(round), static_cast<uint8_t>(last)));
    }
  }
  EXPECT_LE(peers->known(), 100u);
  EXPECT_LE(peers->places(), 100u);
}

}  // namespace
}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/intake/fair_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

using testing::ElementsAre;

class FairQueueTest : public testing::Test {
 protected:
  using Peer = std::shared_ptr<PeerShare>;

  void append(const Peer& peer, const std::string& payload) {
    queue.append({.peer = peer,
                  .payload = payload,
                  .spans = 1,
                  .stored = [this, size = payload.size()](const Status& outcome) {
                    if (!outcome) refused.push_back(outcome.error().kind);
                    queue.stored(size);
                  }});
  }
  // The journal has stored its oldest item.
  void store() {
    FairQueue::Item item = std::move(journal.front());
    journal.pop_front();
    item.stored({});
  }
  std::vector<std::string> payloads() const {
    std::vector<std::string> all;
    for (const FairQueue::Item& item : journal) all.push_back(item.payload);
    return all;
  }

  std::deque<FairQueue::Item> journal;
  std::vector<ErrorKind> refused;
  FairQueue queue{10, [this](FairQueue::Item item) { journal.push_back(std::move(item)); }};
  const Peer noisy = std::make_shared<PeerShare>();
  const Peer quiet = std::make_shared<PeerShare>();
  const Peer other = std::make_shared<PeerShare>();
};

TEST_F(FairQueueTest, HandsOnAtOnceWhatFits) {
  append(noisy, "aaaa");
  append(quiet, "bbbb");
  append(noisy, "cc");
  EXPECT_THAT(payloads(), ElementsAre("aaaa", "bbbb", "cc"));
}

TEST_F(FairQueueTest, LetsPeersTakeTurns) {
  append(noisy, "0123456789");
  for (const char* more : {"a1", "a2", "a3", "a4", "a5", "a6", "a7"}) append(noisy, more);
  append(quiet, "b1");
  append(other, "c1");
  append(quiet, "b2");
  store();
  EXPECT_THAT(payloads(), ElementsAre("a1", "b1", "c1", "a2", "b2"));
  store();
  EXPECT_THAT(payloads(), ElementsAre("b1", "c1", "a2", "b2", "a3"));
}

TEST_F(FairQueueTest, KeepsTheOrderOfAPeer) {
  append(noisy, "0123456789");
  append(noisy, "large one");
  append(noisy, "x");
  EXPECT_THAT(payloads(), ElementsAre("0123456789"));
  store();
  EXPECT_THAT(payloads(), ElementsAre("large one", "x"));
}

TEST_F(FairQueueTest, HandsOnAloneWhatIsLargerThanAll) {
  append(noisy, "more than ten bytes");
  append(quiet, "b");
  EXPECT_THAT(payloads(), ElementsAre("more than ten bytes"));
  store();
  EXPECT_THAT(payloads(), ElementsAre("b"));
  append(noisy, "more than ten bytes");
  store();
  EXPECT_THAT(payloads(), ElementsAre("more than ten bytes"));
}

TEST_F(FairQueueTest, CancelsWhatWaitsWhenItCloses) {
  append(noisy, "0123456789");
  append(noisy, "waits");
  append(quiet, "waits, too");
  queue.close();
  append(quiet, "comes late");
  EXPECT_THAT(refused,
              ElementsAre(ErrorKind::kCancelled, ErrorKind::kCancelled, ErrorKind::kCancelled));
  store();
  EXPECT_TRUE(journal.empty());
}

}  // namespace
}  // namespace dualtrace::agent

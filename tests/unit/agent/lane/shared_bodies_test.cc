// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/shared_bodies.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_journal_lane.h"
#include "tests/unit/agent/lane/lane_fixture.h"

namespace dualtrace::agent {
namespace {

std::shared_ptr<const RequestBody> body_of(const SharedBytes& first, const SharedBytes& second) {
  SharedByteChain chain(first);
  chain.append(second);
  return std::make_shared<const RequestBody>(std::move(chain));
}

TEST(SharedBodies, GiveTheSecondTheFirstsBody) {
  SharedBodies bodies(2);
  const SharedBytes a(std::string("a"));
  const SharedBytes b(std::string("b"));
  EXPECT_NE(bodies.share(body_of(a, a)), bodies.share(body_of(b, b)));
  const auto first = bodies.share(body_of(a, b));
  EXPECT_EQ(bodies.share(body_of(a, b)), first);
  EXPECT_NE(bodies.share(body_of(b, a)), first);
  EXPECT_NE(bodies.share(body_of(a, {})), first);
  EXPECT_NE(bodies.share(body_of(std::string("a"), b)), first);  // equal, but not the same
}

TEST(SharedBodies, TellApartBodiesThatBeginAlike) {
  SharedBodies bodies(2);
  const SharedBytes a(std::string("a"));
  const SharedBytes b(std::string("b"));
  const auto one = bodies.share(std::make_shared<const RequestBody>(SharedByteChain(a)));
  const auto two = bodies.share(body_of(a, b));
  EXPECT_NE(one, two);
  EXPECT_EQ(bodies.share(std::make_shared<const RequestBody>(SharedByteChain(a))), one);
  EXPECT_EQ(bodies.share(body_of(a, b)), two);
  EXPECT_EQ(bodies.bytes(), 0u);
}

TEST(SharedBodies, LetABodyGoWhenEveryLaneHasIt) {
  SharedBodies bodies(2);
  const SharedBytes a(std::string(1000, 'a'));
  const std::weak_ptr<const RequestBody> body = bodies.share(body_of(a, a));
  EXPECT_FALSE(body.expired());  // the other lane may still need it
  EXPECT_EQ(bodies.bytes(), 2000u);
  EXPECT_EQ(bodies.share(body_of(a, a)), body.lock());
  EXPECT_TRUE(body.expired());
  EXPECT_EQ(bodies.bytes(), 0u);
}

TEST(SharedBodies, KeepSoManyBytesWhoeverDoesNotCome) {
  SharedBodies bodies(2);
  const SharedBytes a(std::string("a"));
  const auto first = bodies.share(body_of(a, a));
  const std::string large(SharedBodies::kBytesMax / 4, 'x');
  for (int i = 0; i < 20; ++i) {
    bodies.share(body_of(large, a));
    EXPECT_LE(bodies.bytes(), SharedBodies::kBytesMax);
  }
  EXPECT_NE(bodies.share(body_of(a, a)), first);
}

TEST(SharedBodies, KeepNothingForALaneAlone) {
  SharedBodies bodies(1);
  bodies.share(body_of(std::string("a"), std::string("b")));
  EXPECT_EQ(bodies.bytes(), 0u);
}

using LanesTest = LaneFixture;

TEST_F(LanesTest, ThatMergeTheSameRecordsSendOneBody) {
  FakeExporter other_exporter(scheduler);
  options.bodies = std::make_shared<SharedBodies>(2);
  LaneOptions other_options = options;
  other_options.name = "databricks";
  journal.lane("databricks");
  start();
  const auto other = std::make_unique<Lane>(other_options, other_exporter, dead_letters, scheduler,
                                            Random(8), metrics);
  other->add_journal(journal, {});
  append(otlp_request({"a"}), 1);
  append(otlp_request({"b"}), 1);
  scheduler.run_for(kLinger);
  ASSERT_EQ(exporter.sent.size(), 1u);
  ASSERT_EQ(other_exporter.sent.size(), 1u);
  EXPECT_EQ(exporter.sent[0].request.body, other_exporter.sent[0].request.body);
}

}  // namespace
}  // namespace dualtrace::agent

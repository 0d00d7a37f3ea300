// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/batcher.h"

#include <gtest/gtest.h>

#include "agent/lane/batch_size.h"
#include "tests/unit/agent/lane/otlp_request.h"

namespace dualtrace::agent {
namespace {

using std::chrono::milliseconds;

constexpr BatchLimits kLimits{.bytes_target = 1000, .bytes_max = 2000};

class BatcherTest : public testing::Test {
 protected:
  std::vector<Batch> add(const std::string& request, uint32_t spans, Tick now = Tick{}) {
    auto record = std::make_shared<OpenRecord>();
    record->sequence = ++last_sequence;
    record->spans = spans;
    return batcher.add(record, request, kLimits, now);
  }
  uint64_t last_sequence = 0;
  Batcher batcher{Linger{milliseconds(200), milliseconds(200)}};
};

TEST_F(BatcherTest, SealsAtTheTarget) {
  EXPECT_TRUE(add(otlp_request_of(1, 400), 1).empty());
  EXPECT_TRUE(add(otlp_request_of(1, 400), 1).empty());
  const auto sealed = add(otlp_request_of(1, 400), 1);
  ASSERT_EQ(sealed.size(), 1u);
  EXPECT_EQ(sealed[0].spans, 3u);
  EXPECT_EQ(sealed[0].pieces.size(), 3u);
  EXPECT_EQ(batcher.open_bytes(), 0u);
}

TEST_F(BatcherTest, SealsBeforeARecordThatWouldPassTheMaximum) {
  add(otlp_request_of(1, 900), 1);
  const auto sealed = add(otlp_request_of(1, 1500), 1);
  ASSERT_EQ(sealed.size(), 2u) << "the second alone exceeds the target";
  EXPECT_EQ(sealed[0].bytes(), otlp_request_of(1, 900).size());
}

TEST_F(BatcherTest, LingersFromTheFirstRecordOn) {
  EXPECT_EQ(batcher.due_at(), std::nullopt);
  add(otlp_request({"a"}), 1, Tick{milliseconds(10)});
  add(otlp_request({"b"}), 1, Tick{milliseconds(100)});
  EXPECT_EQ(batcher.due_at(), Tick{milliseconds(210)});
  EXPECT_FALSE(batcher.due(Tick{milliseconds(209)}));
  EXPECT_TRUE(batcher.due(Tick{milliseconds(210)}));
  EXPECT_EQ(batcher.seal()->spans, 2u);
  EXPECT_FALSE(batcher.seal());
}

TEST(Batcher, LingersLongerWhileBatchesFollowEachOther) {
  Batcher batcher{Linger{milliseconds(200), milliseconds(500)}};
  const auto due_after = [&](Tick now) {
    auto record = std::make_shared<OpenRecord>();
    record->spans = 1;
    EXPECT_TRUE(batcher.add(record, otlp_request({"a"}), kLimits, now).empty());
    const Duration lingers = *batcher.due_at() - now;
    EXPECT_TRUE(batcher.seal());
    return lingers;
  };
  const Tick begin{std::chrono::hours(1)};
  EXPECT_EQ(due_after(begin), milliseconds(200));
  EXPECT_EQ(due_after(begin + milliseconds(999)), milliseconds(500));
  EXPECT_EQ(due_after(begin + milliseconds(1998)), milliseconds(500));
  EXPECT_EQ(due_after(begin + milliseconds(2998)), milliseconds(200)) << "after a pause";
}

TEST_F(BatcherTest, CutsALargeRecordAtSpanBorders) {
  const std::string large = otlp_request_of(10, 400);
  auto sealed = add(large, 10);
  while (batcher.cutting()) {
    for (Batch& batch : batcher.go_on(kLimits, Tick{})) sealed.push_back(std::move(batch));
  }
  if (auto rest = batcher.seal()) sealed.push_back(*std::move(rest));
  ASSERT_GE(sealed.size(), 3u);
  uint32_t spans = 0;
  std::vector<std::string> names;
  for (const Batch& batch : sealed) {
    EXPECT_LE(batch.bytes(), kLimits.bytes_max);
    EXPECT_EQ(batch.pieces.front().record, sealed[0].pieces.front().record);
    spans += batch.spans;
    for (const std::string& name : span_names(batch.body->plain().joined())) names.push_back(name);
  }
  EXPECT_EQ(spans, 10u);
  EXPECT_EQ(names, span_names(large));
}

TEST_F(BatcherTest, CutsNoMoreThanABatchAtATime) {
  EXPECT_FALSE(batcher.cutting());
  size_t batches = add(otlp_request_of(100, 400), 100).size();
  EXPECT_EQ(batches, 1u);
  EXPECT_TRUE(batcher.cutting());
  uint32_t spans = 0;
  while (batcher.cutting()) {
    const auto more = batcher.go_on(kLimits, Tick{});
    EXPECT_LE(more.size(), 2u);
    for (const Batch& batch : more) spans += batch.spans;
    batches += more.size();
  }
  EXPECT_GT(batches, 20u);
  EXPECT_GE(spans, 90u);
  add(otlp_request({"next"}), 1);  // the next record is handled as usual
}

TEST_F(BatcherTest, SendsAGiantSpanAlone) {
  add(otlp_request({"a"}), 1);
  const auto sealed = add(otlp_request_of(1, 5000), 1);
  ASSERT_EQ(sealed.size(), 2u);
  EXPECT_EQ(sealed[1].spans, 1u);
  EXPECT_GT(sealed[1].bytes(), kLimits.bytes_max);
}

TEST_F(BatcherTest, PassesOnWhatItCannotCut) {
  const auto sealed = add(std::string(5000, '\xFF'), 7);
  ASSERT_EQ(sealed.size(), 1u);
  EXPECT_EQ(sealed[0].spans, 7u);
}

TEST(BatchSize, HalvesWhatWasRefusedAndGrowsBackSlowly) {
  BatchSize size({.bytes_target = 1'000'000, .bytes_max = 4'000'000});
  for (int i = 0; i < 4; ++i) size.refused(1'000'000);
  EXPECT_EQ(size.limits().bytes_target, 500'000u) << "several in flight count as one failure";
  EXPECT_EQ(size.limits().bytes_max, 500'000u);
  for (int i = 0; i < 20; ++i) size.refused(size.limits().bytes_max);
  EXPECT_EQ(size.limits().bytes_max, 64u * 1024);
  for (int i = 0; i < 63; ++i) size.delivered();
  EXPECT_EQ(size.limits().bytes_max, 64u * 1024);
  size.delivered();
  EXPECT_EQ(size.limits().bytes_max, 80u * 1024);
  for (int i = 0; i < 64 * 100; ++i) size.delivered();
  EXPECT_EQ(size.limits().bytes_target, 1'000'000u);
  EXPECT_EQ(size.limits().bytes_max, 4'000'000u);
}

}  // namespace
}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/format.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace dualtrace::agent {
namespace {

// The bytes of the fenced block "```hex <name>" in docs/journal_format.md, at their offsets. All
// other bytes are zero.
std::string example(const std::string& name, size_t size) {
  std::ifstream page(std::string(DT_SOURCE_DIR) + "/docs/journal_format.md");
  EXPECT_TRUE(page.is_open());
  std::string bytes(size, '\0');
  std::string line;
  while (std::getline(page, line) && line != "```hex " + name) {
  }
  while (std::getline(page, line) && line != "```") {
    std::istringstream fields(line.substr(0, line.find(';')));
    size_t offset = 0;
    fields >> std::hex >> offset;
    for (unsigned byte = 0; fields >> std::hex >> byte; ++offset) {
      bytes.at(offset) = static_cast<char>(byte);
    }
  }
  return bytes;
}

SegmentHeader segment_example() {
  return {.number = 3,
          .segment_bytes = 65536,
          .base = {.records = 2, .spans = 5, .bytes = 300},
          .damaged_segments = 0};
}

RecordHeader record_example() {
  return {.payload_bytes = 2,
          .spans = 7,
          .sequence = 2,
          .arrived_unix_nanos = 1'700'000'000'000'000'000,
          .payload_crc = payload_crc(std::string("\n\0", 2), 3)};
}

CursorSlot cursor_example() {
  return {.generation = 5,
          .state = {.origin = {},
                    .published = {.records = 9, .spans = 40, .bytes = 900},
                    .watermark = 3,
                    .position = {.segment = 3, .offset = 4138},
                    .settled = {.delivered = 10, .rejected = 1, .dead_lettered = 2, .filtered = 4},
                    .settled_bytes = 420,
                    .carried = 2,
                    .adopted = 0,
                    .known_to = 8,
                    .rebuilt_to = 0,
                    .taken_to = 0,
                    .voids = {{.first = 6, .end = 8}},
                    .ranges = {{.first = 5,
                                .end = 6,
                                .after = {.segment = 3, .offset = 4700},
                                .spans = 4,
                                .bytes = 118}}}};
}

TEST(JournalFormat, IsWhatTheDocumentShows) {
  const std::string file = example("segment", 65536);
  EXPECT_EQ(encode_segment_header(segment_example()), file.substr(0, kSegmentHeaderBytes));
  EXPECT_EQ(encode_record_header(record_example(), 3) + std::string("\n\0", 2),
            file.substr(kSegmentHeaderBytes, kRecordHeaderBytes + 2));
  const std::string slot = encode_cursor_slot(cursor_example());
  EXPECT_EQ(slot, example("cursor", 2 * kCursorSlotBytes).substr(kCursorSlotBytes, slot.size()));
}

TEST(JournalFormat, ReadsWhatItWrites) {
  EXPECT_EQ(decode_segment_header(encode_segment_header(segment_example())), segment_example());
  RecordHeader record = record_example();
  EXPECT_EQ(decode_record_header(encode_record_header(record, 3), 3), record);
  record.group_rest = 2;
  EXPECT_EQ(decode_record_header(encode_record_header(record, 3), 3), record);
  record.carried_for = lane_tag("databricks");
  EXPECT_EQ(decode_record_header(encode_record_header(record, 3), 3), record);
  const auto slot = decode_cursor_slot(encode_cursor_slot(cursor_example()));
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->generation, 5u);
  EXPECT_EQ(slot->state, cursor_example().state);
}

TEST(JournalFormat, RefusesEveryFlippedBit) {
  const std::string segment = encode_segment_header(segment_example());
  const std::string record = encode_record_header(record_example(), 3);
  const std::string cursor = encode_cursor_slot(cursor_example());
  for (size_t bit = 0; bit < 76 * 8; ++bit) {
    std::string bytes = segment;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(decode_segment_header(bytes)) << bit;
  }
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string bytes = record;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(decode_record_header(bytes, 3)) << bit;
  }
  for (size_t bit = 0; bit < cursor.size() * 8; ++bit) {
    std::string bytes = cursor;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(decode_cursor_slot(bytes)) << bit;
  }
}

TEST(JournalFormat, ARecordVerifiesOnlyInItsOwnSegment) {
  EXPECT_FALSE(decode_record_header(encode_record_header(record_example(), 3), 4));
  EXPECT_NE(payload_crc("x", 3), payload_crc("x", 4));
}

TEST(JournalFormat, RefusesZerosAndShortInput) {
  const std::string zeros(kCursorSlotBytes, '\0');
  EXPECT_FALSE(decode_segment_header(zeros));
  EXPECT_FALSE(decode_record_header(zeros, 1));
  EXPECT_FALSE(decode_cursor_slot(zeros));
  EXPECT_FALSE(decode_segment_header(encode_segment_header(segment_example()).substr(0, 75)));
  EXPECT_FALSE(decode_record_header(encode_record_header(record_example(), 3).substr(0, 39), 3));
  EXPECT_FALSE(decode_cursor_slot(encode_cursor_slot(cursor_example()).substr(0, 240)));
}

TEST(JournalFormat, RefusesACursorThatDoesNotAddUp) {
  const auto refused = [](auto spoil) {
    CursorSlot slot = cursor_example();
    spoil(slot.state);
    return !decode_cursor_slot(encode_cursor_slot(slot)).has_value();
  };
  EXPECT_TRUE(refused([](CursorState& state) { state.watermark = 10; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.origin.records = 4; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.ranges[0].first = 2; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.ranges[0].end = 10; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.ranges[0].end = 5; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.ranges[0].spans = 20; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.adopted = 20; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.known_to = 10; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.rebuilt_to = 10; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.taken_to = 1; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.voids[0].end = 6; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.voids[0].end = 9; }));
  EXPECT_TRUE(refused([](CursorState& state) { state.ranges.push_back(state.ranges[0]); }));
}

// The tags of the two lanes fit into the three bytes and differ.
TEST(JournalFormat, TellsWhichLaneARecordIsCarriedFor) {
  EXPECT_NE(lane_tag("arize"), lane_tag("databricks"));
  EXPECT_LT(lane_tag("arize"), 1u << 24);
  EXPECT_LT(lane_tag("databricks"), 1u << 24);
}

TEST(JournalFormat, NamesSegmentsByNumber) {
  EXPECT_EQ(segment_name(0x1f), "segment-000000000000001f");
  EXPECT_EQ(number_in("segment-000000000000001f", "segment-"), 0x1fu);
  EXPECT_EQ(number_in("segment-ffffffffffffffff", "segment-"), ~uint64_t{0});
  EXPECT_EQ(number_in("segment-1f", "segment-"), std::nullopt);
  EXPECT_EQ(number_in("segment-000000000000001F", "segment-"), std::nullopt);
  EXPECT_EQ(number_in("damaged-000000000000001f", "segment-"), std::nullopt);
}

}  // namespace
}  // namespace dualtrace::agent

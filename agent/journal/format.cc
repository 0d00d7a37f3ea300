// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/format.h"

#include <utility>

#include "common/error/check.h"
#include "common/io/crc32c.h"

namespace dualtrace::agent {
namespace {

constexpr std::string_view kSegmentMagic = "dte-segm";
constexpr std::string_view kCursorMagic = "dte-curs";
constexpr uint32_t kVersion = 2;
constexpr uint32_t kFirstVersion = 1;  // without carried records
// One byte, followed by three that are zero or the tag of a carried record's lane.
constexpr uint32_t kEncodingProtobuf = 0;
constexpr uint32_t kEncodingCarried = 1;

constexpr size_t kSegmentFieldsBytes = 72;  // before the checksum
constexpr size_t kCursorRangeBytes = 48;
constexpr size_t kVoidBytes = 16;

// How a version lays out a cursor's slot.
struct SlotLayout {
  uint32_t version;
  size_t slot_bytes;
  size_t fields_bytes;  // before the checksum
  size_t ranges_max;
  [[nodiscard]] size_t ranges_offset() const { return fields_bytes + 8; }
};
constexpr SlotLayout kFirstLayout{kFirstVersion, kFirstCursorSlotBytes, 144, 1362};
constexpr SlotLayout kLayout{kVersion, kCursorSlotBytes, 192, kCursorRangesMax};
static_assert(kLayout.fields_bytes + 8 + kCursorRangesMax * kCursorRangeBytes +
                  kVoidsMax * kVoidBytes <=
              kCursorSlotBytes);

// Little-endian fields, one after another.
class Writer {
 public:
  Writer& raw(std::string_view bytes) {
    out_.append(bytes);
    return *this;
  }
  Writer& u32(uint32_t value) { return little_endian(value, 4); }
  Writer& u64(uint64_t value) { return little_endian(value, 8); }
  Writer& totals(const JournalTotals& t) { return u64(t.records).u64(t.spans).u64(t.bytes); }
  [[nodiscard]] std::string_view written() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  Writer& little_endian(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    return *this;
  }
  std::string out_;
};

// The caller has checked that the bytes are there.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::string_view raw(size_t bytes) {
    const std::string_view result = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return result;
  }
  uint32_t u32() { return static_cast<uint32_t>(little_endian(4)); }
  uint64_t u64() { return little_endian(8); }
  JournalTotals totals() {
    JournalTotals t;
    t.records = u64();
    t.spans = u64();
    t.bytes = u64();
    return t;
  }

 private:
  uint64_t little_endian(size_t bytes) {
    const std::string_view field = raw(bytes);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) {
      value |= uint64_t{static_cast<unsigned char>(field[i])} << (8 * i);
    }
    return value;
  }
  std::string_view rest_;
};

uint32_t seed_of(uint64_t segment) { return crc32c(Writer().u64(segment).written()); }

bool plausible_carrying(const CursorState& state) {
  if (state.adopted > state.settled.sum() + state.carried) return false;
  if (state.taken_to > state.rebuilt_to || state.rebuilt_to > state.published.records) return false;
  if (state.known_to > state.published.records) return false;
  uint64_t above = 0;
  for (const VoidRange& each : state.voids) {
    if (each.first < above || each.end <= each.first) return false;
    above = each.end;
  }
  return above <= state.known_to;
}

// Whether a cursor can have these ranges: the sums add up, and they are in order and disjoint.
bool plausible(const CursorState& state) {
  if (state.watermark < state.origin.records || state.watermark > state.published.records) {
    return false;
  }
  if (!plausible_carrying(state)) return false;
  uint64_t above = state.watermark;
  uint64_t spans = state.settled_spans();
  uint64_t bytes = state.settled_bytes;
  for (const SettledRange& range : state.ranges) {
    if (range.first < above || range.end <= range.first) return false;
    if (range.spans > spans || range.bytes > bytes) return false;
    above = range.end;
    spans -= range.spans;
    bytes -= range.bytes;
  }
  return above <= state.published.records;
}

}  // namespace

bool operator==(const JournalTotals& a, const JournalTotals& b) {
  return a.records == b.records && a.spans == b.spans && a.bytes == b.bytes;
}

bool SegmentHeader::operator==(const SegmentHeader& other) const {
  return number == other.number && segment_bytes == other.segment_bytes && base == other.base &&
         damaged_segments == other.damaged_segments;
}

bool CursorState::operator==(const CursorState& other) const {
  return origin == other.origin && published == other.published && watermark == other.watermark &&
         position == other.position && settled == other.settled &&
         settled_bytes == other.settled_bytes && carried == other.carried &&
         adopted == other.adopted && known_to == other.known_to && rebuilt_to == other.rebuilt_to &&
         taken_to == other.taken_to && voids == other.voids && ranges == other.ranges;
}

std::string encode_segment_header(const SegmentHeader& header) {
  Writer out;
  out.raw(kSegmentMagic).u32(kVersion).u32(0).u64(header.number).u64(header.segment_bytes);
  out.totals(header.base).u64(header.damaged_segments).u64(0);
  DT_CHECK(out.written().size() == kSegmentFieldsBytes);
  out.u32(crc32c(out.written()));
  std::string block = out.take();
  block.resize(kSegmentHeaderBytes, '\0');
  return block;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view block) {
  if (block.size() < kSegmentFieldsBytes + 4) return std::nullopt;
  Reader in(block);
  if (in.raw(8) != kSegmentMagic) return std::nullopt;
  const uint32_t version = in.u32();
  if ((version != kVersion && version != kFirstVersion) || in.u32() != 0) return std::nullopt;
  SegmentHeader header;
  header.number = in.u64();
  header.segment_bytes = in.u64();
  header.base = in.totals();
  header.damaged_segments = in.u64();
  if (in.u64() != 0) return std::nullopt;
  if (in.u32() != crc32c(block.substr(0, kSegmentFieldsBytes))) return std::nullopt;
  return header;
}

uint32_t payload_crc(std::string_view payload, uint64_t segment) {
  return crc32c(payload, seed_of(segment));
}

std::string encode_record_header(const RecordHeader& header, uint64_t segment) {
  Writer out;
  out.u32(header.payload_bytes).u32(header.spans).u64(header.sequence);
  out.u64(static_cast<uint64_t>(header.arrived_unix_nanos));
  out.u32(header.carried_for ? kEncodingCarried | *header.carried_for << 8 : kEncodingProtobuf);
  out.u32(header.group_rest).u32(header.payload_crc);
  out.u32(crc32c(out.written(), seed_of(segment)));
  return out.take();
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes, uint64_t segment) {
  if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
  Reader in(bytes);
  RecordHeader header;
  header.payload_bytes = in.u32();
  header.spans = in.u32();
  header.sequence = in.u64();
  header.arrived_unix_nanos = static_cast<int64_t>(in.u64());
  const uint32_t encoding = in.u32();
  header.group_rest = in.u32();
  header.payload_crc = in.u32();
  const uint32_t crc = crc32c(bytes.substr(0, kRecordHeaderBytes - 4), seed_of(segment));
  if (in.u32() != crc) return std::nullopt;
  if ((encoding & 0xff) == kEncodingCarried) {
    header.carried_for = encoding >> 8;
  } else if (encoding != kEncodingProtobuf) {
    return std::nullopt;
  }
  return header;
}

uint32_t lane_tag(std::string_view lane) { return crc32c(lane) & 0xffffff; }

std::string encode_cursor_slot(const CursorSlot& slot) {
  const CursorState& state = slot.state;
  DT_CHECK(state.ranges.size() <= kCursorRangesMax && state.voids.size() <= kVoidsMax);
  Writer out;
  out.raw(kCursorMagic).u32(kVersion).u32(static_cast<uint32_t>(state.ranges.size()));
  out.u64(slot.generation).totals(state.origin).totals(state.published);
  out.u64(state.watermark).u64(state.position.segment).u64(state.position.offset);
  out.u64(state.settled.delivered).u64(state.settled.rejected).u64(state.settled.dead_lettered);
  out.u64(state.settled.expired).u64(state.settled.filtered).u64(state.settled_bytes);
  out.u64(state.carried).u64(state.adopted).u64(state.known_to);
  out.u64(state.rebuilt_to).u64(state.taken_to).u64(state.voids.size());
  DT_CHECK(out.written().size() == kLayout.fields_bytes);
  Writer ranges;
  for (const SettledRange& range : state.ranges) {
    ranges.u64(range.first).u64(range.end).u64(range.after.segment).u64(range.after.offset);
    ranges.u64(range.spans).u64(range.bytes);
  }
  for (const VoidRange& each : state.voids) ranges.u64(each.first).u64(each.end);
  out.u32(crc32c(ranges.written(), crc32c(out.written()))).u32(0).raw(ranges.written());
  return out.take();
}

std::optional<CursorSlot> decode_cursor_slot(std::string_view bytes) {
  if (bytes.size() < kLayout.ranges_offset()) return std::nullopt;
  Reader in(bytes);
  CursorSlot slot;
  CursorState& state = slot.state;
  if (in.raw(8) != kCursorMagic) return std::nullopt;
  slot.version = in.u32();
  if (slot.version != kVersion && slot.version != kFirstVersion) return std::nullopt;
  const SlotLayout& layout = slot.version == kVersion ? kLayout : kFirstLayout;
  const size_t count = in.u32();
  slot.generation = in.u64();
  state.origin = in.totals();
  state.published = in.totals();
  state.watermark = in.u64();
  state.position.segment = in.u64();
  state.position.offset = in.u64();
  for (uint64_t* field :
       {&state.settled.delivered, &state.settled.rejected, &state.settled.dead_lettered,
        &state.settled.expired, &state.settled.filtered, &state.settled_bytes}) {
    *field = in.u64();
  }
  uint64_t voids = 0;
  if (slot.version != kFirstVersion) {
    for (uint64_t* field : {&state.carried, &state.adopted, &state.known_to, &state.rebuilt_to,
                            &state.taken_to, &voids}) {
      *field = in.u64();
    }
  }
  if (count > layout.ranges_max || voids > kVoidsMax) return std::nullopt;
  const size_t rest_bytes = count * kCursorRangeBytes + voids * kVoidBytes;
  if (bytes.size() < layout.ranges_offset() + rest_bytes) return std::nullopt;
  const uint32_t crc = in.u32();
  if (in.u32() != 0) return std::nullopt;
  const uint32_t fields_crc = crc32c(bytes.substr(0, layout.fields_bytes));
  if (crc != crc32c(bytes.substr(layout.ranges_offset(), rest_bytes), fields_crc)) {
    return std::nullopt;
  }
  for (size_t i = 0; i < count; ++i) {
    SettledRange& range = state.ranges.emplace_back();
    for (uint64_t* field : {&range.first, &range.end, &range.after.segment, &range.after.offset,
                            &range.spans, &range.bytes}) {
      *field = in.u64();
    }
  }
  for (uint64_t i = 0; i < voids; ++i) {
    const uint64_t first = in.u64();
    state.voids.push_back({.first = first, .end = in.u64()});
  }
  if (!plausible(state)) return std::nullopt;
  return slot;
}

std::string hex_name(std::string_view prefix, uint64_t number) {
  std::string name(prefix);
  for (int shift = 60; shift >= 0; shift -= 4) name += "0123456789abcdef"[number >> shift & 0xf];
  return name;
}

std::string segment_name(uint64_t number) { return hex_name("segment-", number); }
std::string damaged_name(uint64_t number) { return hex_name("damaged-", number); }

std::optional<uint64_t> number_in(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || name.size() != prefix.size() + 16) return std::nullopt;
  uint64_t number = 0;
  for (const char c : name.substr(prefix.size())) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    number = number << 4 | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return number;
}

}  // namespace dualtrace::agent

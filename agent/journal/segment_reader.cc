// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/segment_reader.h"

#include <algorithm>
#include <cstring>

namespace dualtrace::agent {
namespace {

constexpr uint64_t kChunkBytes = 256 * 1024;

}  // namespace

Result<std::string_view> SegmentReader::bytes_at(uint64_t offset, uint64_t bytes,
                                                 uint64_t readable_to) {
  const bool there = offset >= chunk_offset_ && offset + bytes <= chunk_offset_ + chunk_.size();
  if (!there) {
    Status read = read_chunk(offset, std::min(kChunkBytes, readable_to - offset));
    // A bad sector farther on must not hide the bytes before it.
    if (!read) read = read_chunk(offset, bytes);
    if (!read) return fail(std::move(read).error());
  }
  return std::string_view(chunk_).substr(offset - chunk_offset_, bytes);
}

Status SegmentReader::read_chunk(uint64_t offset, uint64_t bytes) {
  chunk_offset_ = offset;
  chunk_.resize(bytes);
  const Result<size_t> n = file_->read_at(offset, chunk_);
  chunk_.resize(n ? *n : 0);
  if (!n) return fail(n.error());
  return {};
}

Result<std::optional<RecordHeader>> SegmentReader::header_at(uint64_t offset,
                                                             uint64_t readable_to) {
  if (offset >= readable_to || readable_to - offset < kRecordHeaderBytes) {
    return std::optional<RecordHeader>();
  }
  const Result<std::string_view> bytes = bytes_at(offset, kRecordHeaderBytes, readable_to);
  if (!bytes) return fail(bytes.error());
  std::optional<RecordHeader> header = decode_record_header(*bytes, number_);
  const uint64_t room = readable_to - offset - kRecordHeaderBytes;
  if (header && header->payload_bytes > room) header.reset();
  return header;
}

Result<std::optional<std::string>> SegmentReader::payload_at(uint64_t offset,
                                                             const RecordHeader& header) {
  const uint64_t begin = offset + kRecordHeaderBytes;
  std::string payload(header.payload_bytes, '\0');
  size_t have = 0;
  if (begin >= chunk_offset_ && begin < chunk_offset_ + chunk_.size()) {
    const auto in_chunk = std::string_view(chunk_).substr(begin - chunk_offset_, payload.size());
    std::memcpy(payload.data(), in_chunk.data(), in_chunk.size());
    have = in_chunk.size();
  }
  if (have < payload.size()) {
    const Result<size_t> n = file_->read_at(begin + have, std::span(payload).subspan(have));
    if (!n) return fail(n.error());
    if (*n < payload.size() - have) return std::optional<std::string>();
  }
  if (payload_crc(payload, number_) != header.payload_crc) return std::optional<std::string>();
  return std::optional(std::move(payload));
}

Result<SegmentContent> scan_segment(SegmentReader& reader, uint64_t first, uint64_t segment_bytes) {
  SegmentContent whole{.totals = {}, .end = kSegmentHeaderBytes};
  SegmentContent seen = whole;
  uint64_t torn_to = first;  // the end of the group of the last damaged record
  while (true) {
    const Result<std::optional<RecordHeader>> header = reader.header_at(seen.end, segment_bytes);
    if (!header) return fail(header.error());
    const uint64_t sequence = first + seen.totals.records;
    if (!*header || (*header)->sequence != sequence) return whole;
    const Result<std::optional<std::string>> payload = reader.payload_at(seen.end, **header);
    if (!payload) return fail(payload.error());
    seen.totals.records += 1;
    seen.totals.spans += (*header)->counted_spans();
    seen.totals.bytes += (*header)->payload_bytes;
    seen.end += kRecordHeaderBytes + (*header)->payload_bytes;
    if (!*payload) torn_to = sequence + (*header)->group_rest + 1;
    if (*payload && sequence >= torn_to) whole = seen;
  }
}

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// SegmentReader: reads one segment file in large chunks and determines which of its bytes are
// records. Only bytes below the caller's `readable_to` are ever read, so a segment that is still
// being written can be read as far as it is published.
// Used from one thread.

#include <memory>
#include <optional>
#include <string>

#include "agent/journal/format.h"

namespace dualtrace::agent {

class SegmentReader {
 public:
  SegmentReader(std::unique_ptr<File> file, uint64_t number)
      : file_(std::move(file)), number_(number) {}

  [[nodiscard]] uint64_t number() const { return number_; }
  // The header of the record that begins at `offset`; nullopt if no whole record does.
  Result<std::optional<RecordHeader>> header_at(uint64_t offset, uint64_t readable_to);
  // The payload of the record at `offset`; nullopt if it is damaged.
  Result<std::optional<std::string>> payload_at(uint64_t offset, const RecordHeader& header);

 private:
  // At most the bytes of [offset, offset + bytes) that the file has, from the chunk if they are
  // there.
  Result<std::string_view> bytes_at(uint64_t offset, uint64_t bytes, uint64_t readable_to);
  Status read_chunk(uint64_t offset, uint64_t bytes);

  const std::unique_ptr<File> file_;
  const uint64_t number_;
  std::string chunk_;
  uint64_t chunk_offset_ = 0;
};

// The content of a segment up to where records stop verifying. A record with a damaged payload
// counts if an intact record of a later group follows it, because then it was stored. If only
// records of its own group follow, a write was torn there, and nothing after it was acknowledged.
struct SegmentContent {
  JournalTotals totals{};  // of the records alone
  uint64_t end = 0;        // the end of the last record
};
// `first` is the sequence the first record must have.
Result<SegmentContent> scan_segment(SegmentReader& reader, uint64_t first, uint64_t segment_bytes);

}  // namespace dualtrace::agent

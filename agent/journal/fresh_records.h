// SPDX-License-Identifier: Apache-2.0
#pragma once
// FreshRecords: keeps the most recently published records in memory. A lane that keeps up does not
// read them back from the disk, and lanes that keep up share the same bytes. A record is dropped
// when every lane has taken it, or when newer ones need the room; lanes then read it from the
// disk.
// Limits: payload bytes, and as many records as cost the same amount of overhead. Thread-safe.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/cursor.h"
#include "common/bytes/shared_bytes.h"
#include "common/error/result.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

struct StoredRecord {
  ReadMark mark;
  SharedBytes payload;
};

class FreshRecords {
 public:
  FreshRecords(size_t lanes, uint64_t bytes_max) : bytes_max_(bytes_max), next_(lanes, 0) {}

  // Call in the order of sequences, and only for published records.
  void add(StoredRecord record);
  // After this call, the lane requests neither this record nor earlier ones, unless it rewinds.
  std::optional<StoredRecord> take(size_t lane, uint64_t sequence);
  [[nodiscard]] uint64_t bytes() const;

  // Reads from the disk unless another lane still holds the record. When the agent starts, lanes
  // reach the same large record together, so large records are read one at a time and are in memory
  // only once. Returns nullopt if `read` does.
  using ReadPayload = std::function<Result<std::optional<std::string>>()>;
  static constexpr uint64_t kLargeBytes = 1024 * 1024;
  Result<std::optional<SharedBytes>> read_large(uint64_t sequence, const ReadPayload& read);

 private:
  void drop_front() DT_REQUIRES(mutex_);

  const uint64_t bytes_max_;
  mutable Mutex mutex_;
  std::deque<StoredRecord> records_ DT_GUARDED_BY(mutex_);  // without gaps
  uint64_t bytes_ DT_GUARDED_BY(mutex_) = 0;
  std::vector<uint64_t> next_ DT_GUARDED_BY(mutex_);  // by lane: the next sequence
  // Held while the disk is read: the other lane needs the result.
  Mutex large_mutex_;
  std::map<uint64_t, SharedBytes::Watch> large_ DT_GUARDED_BY(large_mutex_);
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// FreshRecords: the records that were published last and are still in memory, so that a lane that
// keeps up does not read them back from the disk, and lanes that keep up share the same bytes. A
// record is dropped when every lane has taken it, or when newer ones need the room: then lanes read
// it from the disk.
// Limits: bytes, and as many records as cost that much in addition to their bytes. Thread-safe.

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

  // In the order of their sequences, and only published records.
  void add(StoredRecord record);
  // Unless it rewinds, the lane no longer requests this record or those before it.
  std::optional<StoredRecord> take(size_t lane, uint64_t sequence);
  [[nodiscard]] uint64_t bytes() const;

  // Reads from the disk, unless another lane still holds that record: large records are in memory
  // once and are read one at a time, since lanes reach the same one together when the agent starts.
  // nullopt as from `read`.
  using ReadPayload = std::function<Result<std::optional<std::string>>()>;
  static constexpr uint64_t kLargeBytes = 1024 * 1024;
  Result<std::optional<SharedBytes>> read_large(uint64_t sequence, const ReadPayload& read);

 private:
  void drop_front() DT_REQUIRES(mutex_);

  const uint64_t bytes_max_;
  mutable Mutex mutex_;
  std::deque<StoredRecord> records_ DT_GUARDED_BY(mutex_);  // without gaps
  uint64_t bytes_ DT_GUARDED_BY(mutex_) = 0;
  std::vector<uint64_t> next_ DT_GUARDED_BY(mutex_);  // what each lane requests next
  // Held while the disk is read: the other lane needs the result.
  Mutex large_mutex_;
  std::map<uint64_t, SharedBytes::Watch> large_ DT_GUARDED_BY(large_mutex_);
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// FreshRecords: what was published last and is still in memory, so that a lane that keeps up does
// not read it back from the disk, and lanes that keep up hold the same bytes. A record goes when
// every lane has taken it, or when newer ones need the room: then the disk has it.
// Limits: bytes, and as many records as cost that beside their bytes. Thread-safe.

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

  // In the order of their sequences, and only what is published.
  void add(StoredRecord record);
  // Unless it begins again, the lane does not ask for this record or those before it any more.
  std::optional<StoredRecord> take(size_t lane, uint64_t sequence);
  [[nodiscard]] uint64_t bytes() const;

  // From the disk, unless another lane still holds that record: large records are in memory once,
  // and are read one at a time, since lanes come to the same one together when the agent starts.
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
  std::vector<uint64_t> next_ DT_GUARDED_BY(mutex_);  // what each lane asks for next
  // Held while the disk is read: the other lane needs what comes of it.
  Mutex large_mutex_;
  std::map<uint64_t, SharedBytes::Watch> large_ DT_GUARDED_BY(large_mutex_);
};

}  // namespace dualtrace::agent

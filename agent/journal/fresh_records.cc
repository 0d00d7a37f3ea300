// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/fresh_records.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {
namespace {

// The cost of a record in addition to its payload: its entry here, its payload's owner, and the
// allocator's overhead. For small records, this may add as much as the limit on payload bytes.
constexpr size_t kRecordCostBytes = 256;
constexpr size_t kRecordsMin = 64;

}  // namespace

void FreshRecords::add(StoredRecord record) {
  Lock lock(mutex_);
  bytes_ += record.payload.size();
  records_.push_back(std::move(record));
  const size_t records_max = std::max<size_t>(kRecordsMin, bytes_max_ / kRecordCostBytes);
  while (bytes_ > bytes_max_ || records_.size() > records_max) drop_front();
}

std::optional<StoredRecord> FreshRecords::take(size_t lane, uint64_t sequence) {
  Lock lock(mutex_);
  next_[lane] = sequence + 1;
  if (records_.empty() || sequence < records_.front().mark.sequence ||
      sequence > records_.back().mark.sequence) {
    return std::nullopt;
  }
  StoredRecord record = records_[sequence - records_.front().mark.sequence];
  const uint64_t wanted = *std::min_element(next_.begin(), next_.end());
  while (!records_.empty() && records_.front().mark.sequence < wanted) drop_front();
  return record;
}

Result<std::optional<SharedBytes>> FreshRecords::read_large(uint64_t sequence,
                                                            const ReadPayload& read) {
  Lock lock(large_mutex_);
  std::erase_if(large_, [](const auto& entry) { return entry.second.expired(); });
  if (const auto found = large_.find(sequence); found != large_.end()) {
    if (auto payload = SharedBytes::held(found->second)) return payload;
  }
  Result<std::optional<std::string>> payload = read();
  if (!payload) return fail(std::move(payload).error());
  if (!*payload) return std::optional<SharedBytes>();
  SharedBytes shared(**std::move(payload));
  large_.insert_or_assign(sequence, shared.watch());
  return std::optional(std::move(shared));
}

uint64_t FreshRecords::bytes() const {
  Lock lock(mutex_);
  return bytes_;
}

void FreshRecords::drop_front() {
  bytes_ -= records_.front().payload.size();
  records_.pop_front();
}

}  // namespace dualtrace::agent

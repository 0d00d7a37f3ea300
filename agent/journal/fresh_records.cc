#include "agent/journal/fresh_records.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {

void FreshRecords::add(StoredRecord record) {
  Lock lock(mutex_);
  bytes_ += record.payload.size();
  records_.push_back(std::move(record));
  while (bytes_ > bytes_max_) drop_front();
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

uint64_t FreshRecords::bytes() const {
  Lock lock(mutex_);
  return bytes_;
}

void FreshRecords::drop_front() {
  bytes_ -= records_.front().payload.size();
  records_.pop_front();
}

}  // namespace dualtrace::agent

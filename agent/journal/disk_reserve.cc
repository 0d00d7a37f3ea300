// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/disk_reserve.h"

#include <utility>

namespace dualtrace::agent {
namespace {

constexpr uint64_t kMebibyte = 1 << 20;
// The margin above the reserve that must be free before data is accepted again is the reserve
// divided by this.
constexpr uint64_t kMarginPart = 10;

std::string mebibytes(uint64_t bytes) { return std::to_string(bytes / kMebibyte) + " MiB"; }

}  // namespace

DiskReserve::DiskReserve(FileSystem& files, Clock& clock, std::string folder, DiskShare least,
                         uint64_t file_bytes)
    : files_(files),
      clock_(clock),
      folder_(std::move(folder)),
      least_(least),
      file_bytes_(file_bytes),
      log_limit_(std::chrono::minutes(10)) {}

bool DiskReserve::look() { return look_for(0); }
bool DiskReserve::look_before_a_file() { return look_for(file_bytes_); }

// Accepting data again requires room for a file and a margin. Otherwise, the first new file would
// use up the space that removed files have just freed, and would be the last one.
bool DiskReserve::look_for(uint64_t more) {
  if (!keeps_anything()) return short_ = false;
  const Result<DiskSpace> space = files_.space(folder_);
  if (!space) {
    if (log_limit_.allow(clock_.tick())) {
      log_warn("the disk does not report its free space; delivery.minFreeDisk has no effect",
               {{"error", space.error().message}});
    }
    return short_ = false;
  }
  seen_ = *space;
  const uint64_t least = least_.of(seen_.bytes);
  const uint64_t margin = short_ ? least / kMarginPart + file_bytes_ : more;
  return short_ = seen_.available < least + margin;
}

std::string DiskReserve::why() const {
  return "the disk has " + mebibytes(seen_.available) + " of " + mebibytes(seen_.bytes) +
         " free, and delivery.minFreeDisk reserves " + mebibytes(least_.of(seen_.bytes)) +
         " for others: free some space";
}

}  // namespace dualtrace::agent

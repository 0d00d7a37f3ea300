// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/disk_reserve.h"

#include <utility>

namespace dualtrace::agent {
namespace {

constexpr uint64_t kMebibyte = 1 << 20;
// What there must be beyond the reserve before data is taken again, as a part of the reserve.
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

// Going on needs room for a file and a margin: otherwise the first file would be the last, and the
// files that were given back would be taken at once.
bool DiskReserve::look_for(uint64_t more) {
  if (!keeps_anything()) return short_ = false;
  const Result<DiskSpace> space = files_.space(folder_);
  if (!space) {
    if (log_limit_.allow(clock_.tick())) {
      log_warn("The disk does not say how much is left; delivery.minFreeDisk does not hold",
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
         " left, and delivery.minFreeDisk leaves " + mebibytes(least_.of(seen_.bytes)) +
         " to others: free some of it";
}

}  // namespace dualtrace::agent

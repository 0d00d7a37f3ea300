// SPDX-License-Identifier: Apache-2.0
#pragma once
// DiskReserve: the disk space that a journal leaves free for others (delivery.minFreeDisk), and
// whether that much is free. Below the reserve, the journal accepts nothing new. It accepts data
// again when somewhat more than the reserve is free, so that it does not flap whenever a file is
// created or removed.
//
// Limits: it checks only when called, every few seconds and before a file is allocated, never per
//   request. Other writers can take the disk below the reserve in between.
// Errors: a disk that does not report its free space counts as having enough.
// Used from one thread (the journal's).

#include <cstdint>
#include <string>

#include "common/io/disk_share.h"
#include "common/io/file_system.h"
#include "common/log/log.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class DiskReserve {
 public:
  // `files` and `clock` must outlive it. `file_bytes` is the size of one allocation: that much must
  // fit before the journal accepts data again.
  DiskReserve(FileSystem& files, Clock& clock, std::string folder, DiskShare least,
              uint64_t file_bytes);

  void keep(DiskShare least) { least_ = least; }
  [[nodiscard]] bool keeps_anything() const { return least_ != DiskShare(); }

  // Checks the free space now; returns whether it is too small.
  bool look();
  // The same before a file is allocated: the file must not take the disk below the reserve.
  bool look_before_a_file();
  [[nodiscard]] bool is_short() const { return short_; }
  // While the disk is short: the problem and what to do about it.
  [[nodiscard]] std::string why() const;

 private:
  bool look_for(uint64_t more);

  FileSystem& files_;
  Clock& clock_;
  const std::string folder_;
  DiskShare least_;
  const uint64_t file_bytes_;
  DiskSpace seen_;
  bool short_ = false;
  LogLimiter log_limit_;
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// DiskReserve: how much of its disk a journal leaves free for others (delivery.minFreeDisk), and
// whether that much is free. Below the reserve, the journal accepts nothing new. It accepts data
// again when somewhat more than the reserve is free, so that it does not switch with every file
// that comes and goes.
//
// Limits: it checks only when called, every few seconds and before a file is allocated, never for a
//   request. What others write in between can take the disk below the reserve.
// Errors: a disk that does not report its free space counts as one with enough.
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
  // `files` and `clock` outlive it. `file_bytes` is what the journal allocates at a time: that much
  // must fit before the journal accepts data again.
  DiskReserve(FileSystem& files, Clock& clock, std::string folder, DiskShare least,
              uint64_t file_bytes);

  void keep(DiskShare least) { least_ = least; }
  [[nodiscard]] bool keeps_anything() const { return least_ != DiskShare(); }

  // Checks the free space now; returns whether it is too small.
  bool look();
  // The same before a file is allocated: the file must not take the disk below the reserve.
  bool look_before_a_file();
  [[nodiscard]] bool is_short() const { return short_; }
  // The problem and its remedy, while the disk is short.
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

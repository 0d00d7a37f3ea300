#pragma once
// DeadLetters: the spans that a destination refused for good, kept for a person to look at, mend
// and send again. Each is two files in the lane's folder, <delivery.folder>/dead-letters/<lane>/:
//   <n>.otlp  a serialised ExportTraceServiceRequest: curl --data-binary @7.otlp …/v1/traces
//   <n>.json  why, when, whose, which trace and span
// Limits: bytes; the oldest go when a new one needs room, and are counted. A letter that is larger
//   than the whole limit leaves its .json only.
// Two agents may use one folder at a time, as during an upgrade; each then keeps to the limit by
//   what it knows of.
// Errors: keep() has made the files durable when it returns OK; nothing is kept otherwise, and the
//   caller tries again later.
// Blocks on the disk. Used from one thread (the lane's).

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct DeadLetter {
  std::string_view request;
  uint32_t spans = 0;
  std::string reason;
  std::string message;
  WallTime arrived;
  WallTime when;
};

class DeadLetters {
 public:
  struct Options {
    std::string folder;       // made when the first letter comes
    std::string destination;  // the lane's name
    uint64_t bytes_max = 64ULL << 20;
  };
  // The references outlive it. Touches no disk: what is in the folder is looked at with the first
  // letter.
  DeadLetters(Options options, FileSystem& files, MetricRegistry& metrics);
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  Status keep(const DeadLetter& letter);

 private:
  struct Kept {
    uint64_t number = 0;
    uint64_t bytes = 0;  // of disk, both files
  };

  Status look_at_folder();
  Result<uint64_t> next_number();
  Status make_room(uint64_t bytes);
  Status remove_files(uint64_t number);
  [[nodiscard]] std::string path(uint64_t number, std::string_view ending) const;

  const Options options_;
  FileSystem& files_;
  Counter& removed_;
  bool looked_ = false;
  std::deque<Kept> kept_;  // oldest first
  uint64_t bytes_ = 0;
};

}  // namespace dualtrace::agent

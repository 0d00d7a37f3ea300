// SPDX-License-Identifier: Apache-2.0
#pragma once
// DeadLetters: the spans that a destination refused for good, kept for a person to inspect, fix and
// send again. They are appended to files in the lane's folder,
// <delivery.folder>/dead-letters/<lane>/<n>.jsonl, one JSON object a line: the reason, the
// destination's words, when, which trace and span, and the request (a serialised
// ExportTraceServiceRequest) in base64. docs/operations.md says how to search and replay them.
// Flow: add() collects, keep() writes all that was added with one append and one sync.
// Limits: bytes of the folder. The oldest file goes when a new one needs the room; the letters in
// it
//   are counted. A letter that is larger than a file may be leaves its description only.
// Two agents may use one folder at a time, as during an upgrade: each writes files of its own.
// Errors: what was added is durable when keep() returns OK; after an error nothing of it counts as
//   kept, and the caller adds it again later.
// Blocks on the disk in keep(). Used from one thread (the lane's).

#include <cstdint>
#include <memory>
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
  // The references outlive it. Touches no disk before the first keep().
  DeadLetters(Options options, FileSystem& files, MetricRegistry& metrics);
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  void add(const DeadLetter& letter);
  [[nodiscard]] bool empty() const { return lines_.empty(); }
  Status keep();

 private:
  Status append();
  // Leaves `file_` open with room for `bytes` more, and the folder within its limit.
  Status make_room(uint64_t bytes);
  Status begin_file(uint64_t bytes);
  Result<uint64_t> letters_in(const std::string& name);
  [[nodiscard]] uint64_t file_bytes_max() const;

  const Options options_;
  FileSystem& files_;
  Counter& removed_;
  std::string lines_;           // added, not kept yet
  std::unique_ptr<File> file_;  // nullptr before the first letter, and after a failure
  std::string path_;            // of it
  uint64_t end_ = 0;            // of what is durable in it
};

}  // namespace dualtrace::agent

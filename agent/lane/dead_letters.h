// SPDX-License-Identifier: Apache-2.0
#pragma once
// DeadLetters: keeps the spans that a destination refused for good, so that a person can inspect,
// fix and resend them. They are appended to files in the lane's folder,
// <delivery.folder>/dead-letters/<lane>/<n>.jsonl, one JSON object per line: the reason, the
// destination's message, the time, the trace and span, and the request (a serialized
// ExportTraceServiceRequest) in base64. docs/operations.md describes how to search and replay them.
// Flow: add() collects, keep() writes everything added with one append and one sync.
// Limits: bytes of the folder. If a new file needs the room, the oldest one is removed and the
//   letters in it are counted. Of a letter above the limit of a file, only the description is kept.
// Two agents may use one folder at the same time, as during an upgrade: each writes its own files.
// Errors: what was added is durable if keep() returns OK. After an error, none of it counts as
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
    std::string folder;       // created when the first letter arrives
    std::string destination;  // the lane's name
    uint64_t bytes_max = 64ULL << 20;
  };
  // The references must outlive it. Does not access the disk before the first keep().
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
  std::string lines_;           // added but not yet kept
  std::unique_ptr<File> file_;  // nullptr before the first letter, and after a failure
  std::string path_;            // of file_
  uint64_t end_ = 0;            // of the durable part of file_
};

}  // namespace dualtrace::agent

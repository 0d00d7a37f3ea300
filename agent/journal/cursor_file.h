// SPDX-License-Identifier: Apache-2.0
#pragma once
// CursorFile: a lane's cursor on disk: two slots, written in turn and in place, so that one of them
// is always whole and a full disk cannot stop a cursor. Used from one thread.

#include <memory>
#include <optional>
#include <string>

#include "agent/journal/format.h"
#include "common/io/file_system.h"

namespace dualtrace::agent {

// nullopt when no slot is whole: the file is damaged, for it is only ever seen complete.
Result<std::optional<CursorSlot>> read_cursor(FileSystem& files, const std::string& path);

class CursorFile {
 public:
  // Makes the file with that state, durably.
  static Result<std::unique_ptr<CursorFile>> create(FileSystem& files, const std::string& path,
                                                    const CursorState& state);
  // Of a file whose newest slot has that generation.
  static Result<std::unique_ptr<CursorFile>> open(FileSystem& files, const std::string& path,
                                                  uint64_t generation);

  // Durable when it returns OK; else the file still says what it said before.
  Status store(const CursorState& state);
  // Of what was read from the file's newest slot, which may not be durable: the process that wrote
  // it may have died before its sync, or the sync may have failed.
  Status make_durable(const CursorState& state);

 private:
  Status write(uint64_t generation, const CursorState& state);
  CursorFile(std::unique_ptr<File> file, uint64_t generation)
      : file_(std::move(file)), generation_(generation) {}

  const std::unique_ptr<File> file_;
  uint64_t generation_;
};

}  // namespace dualtrace::agent

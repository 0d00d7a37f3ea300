// SPDX-License-Identifier: Apache-2.0
#pragma once
// CursorFile: a lane's cursor on disk: two slots, written alternately and in place, so that one of
// them is always intact and a full disk cannot block a cursor. Used from one thread.

#include <memory>
#include <optional>
#include <string>

#include "agent/journal/format.h"
#include "common/io/file_system.h"

namespace dualtrace::agent {

// nullopt if no slot is intact: the file is damaged, because it only becomes visible when complete.
Result<std::optional<CursorSlot>> read_cursor(FileSystem& files, const std::string& path);

class CursorFile {
 public:
  // Creates the file with that state, durably.
  static Result<std::unique_ptr<CursorFile>> create(FileSystem& files, const std::string& path,
                                                    const CursorState& state);
  // Opens a file whose newest slot has that generation.
  static Result<std::unique_ptr<CursorFile>> open(FileSystem& files, const std::string& path,
                                                  uint64_t generation);

  // Durable if it returns OK; otherwise the file keeps its previous state.
  Status store(const CursorState& state);
  // Call with the state from the file's newest slot. It may not be durable: the process that wrote
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

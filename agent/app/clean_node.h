// SPDX-License-Identifier: Apache-2.0
#pragma once
// clean-node: removes what agents have left on a node: journals with undelivered spans, and dead
// letters. Removes either everything, to empty a node, or (repeatedly) only data that is older than
// its export's maxAge, of exports without an agent on the node.
//
// Guarantees: only data of agents is removed, and symbolic links are never followed. While an agent
//   runs on the node, a full clean-up removes nothing unless it is forced.
// Used from one thread.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/app/age_watch.h"
#include "agent/journal/folders.h"
#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct CleanNodeOptions {
  std::string folder{};  // the node's: <folder>/<namespace>/<export>; or one agent's
  bool expired_only = false;
  bool again_and_again = false;  // expired data then waits one more hour, see age_watch.h
  bool force = false;            // running agents lose their undelivered spans
  bool dry_run = false;
};

class CleanNode {
 public:
  // `say` gets a readable line for each item that is removed or cannot be removed. `files` and
  // `clock` outlive the object.
  CleanNode(CleanNodeOptions options, FileSystem& files, Clock& clock,
            std::function<void(const std::string&)> say);

  // One pass. kConflict: an agent runs on the node, and nothing was removed. kInternal: some
  // folders could not be removed; all others were.
  Status clean();

 private:
  struct Journal {
    std::string path;
    std::optional<FolderMark> mark;  // also empty if it cannot be read
    std::unique_ptr<FileLock> lock;  // null: its agent runs
  };
  // The folder of one export.
  struct Home {
    std::string path;
    std::vector<Journal> journals;
    std::optional<FolderMark> mark;
    bool alive = false;
    bool is_agents = false;  // contains data of an agent
  };

  [[nodiscard]] std::vector<Home> homes() const;
  [[nodiscard]] Home look_into(const std::string& path) const;
  Status clean_all(std::vector<Home> homes);
  Status clean_expired(std::vector<Home> homes);
  // Whether the folder is older than its mark allows, and has been for long enough.
  bool may_go(const std::string& path, const Result<int64_t>& last,
              const std::optional<FolderMark>& mark);
  bool remove(const std::string& path);
  void remove_if_empty(const Home& home);

  const CleanNodeOptions options_;
  FileSystem& files_;
  Clock& clock_;
  const std::function<void(const std::string&)> say_;
  AgeWatch ages_;
};

}  // namespace dualtrace::agent

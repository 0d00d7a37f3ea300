// SPDX-License-Identifier: Apache-2.0
#pragma once
// clean-node: removes what agents have left on a node: journals with spans that nobody delivered,
// and dead letters. Everything, when a node is to be emptied; or, again and again, only what is
// older than its export kept spans, of exports without an agent there.
//
// Guarantees: what is not an agent's stays, symbolic links are never followed, and while an agent
//   lives on the node nothing of a whole clean-up is removed unless it is forced.
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
  std::string folder{};  // of the node: <folder>/<namespace>/<export's>; or of one agent
  bool expired_only = false;
  bool again_and_again = false;  // then what is expired waits an hour more, see age_watch.h
  bool force = false;            // agents that live lose what they have
  bool dry_run = false;
};

class CleanNode {
 public:
  // `say` gets a line for people about each thing that is removed, or is not. `files` and `clock`
  // outlive it.
  CleanNode(CleanNodeOptions options, FileSystem& files, Clock& clock,
            std::function<void(const std::string&)> say);

  // One pass. kConflict: an agent lives there, and nothing was removed; kInternal: something could
  // not be removed, the rest was.
  Status clean();

 private:
  struct Journal {
    std::string path;
    std::optional<FolderMark> mark;  // none, too, when it cannot be read
    std::unique_ptr<FileLock> lock;  // none: its agent lives
  };
  // The folder of one export.
  struct Home {
    std::string path;
    std::vector<Journal> journals;
    std::optional<FolderMark> mark;
    bool alive = false;
    bool is_agents = false;  // there is something of an agent in it
  };

  [[nodiscard]] std::vector<Home> homes() const;
  [[nodiscard]] Home look_into(const std::string& path) const;
  Status clean_all(std::vector<Home> homes);
  Status clean_expired(std::vector<Home> homes);
  // Too old by the mark, for long enough.
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

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Adopter: looks for journal folders whose owner is dead, has the lanes drain them beside the
// process's own, and removes each when every lane is through. An upgraded agent can so start before
// its predecessor has ended.
// Thread-safe towards the lanes' callbacks; otherwise used by agent.cc from one thread.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/app/leftovers.h"
#include "agent/journal/folders.h"
#include "agent/journal/journal.h"
#include "agent/lane/lane.h"
#include "agent/observe/snapshot.h"
#include "common/log/log.h"
#include "common/sync/mutex.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

// The last part of a folder's path: the name that people see.
[[nodiscard]] std::string folder_name(const std::string& path);

class Adopter {
 public:
  // What it runs on and opens journals with; the simulation has its own.
  struct Parts {
    FileSystem& files;
    std::function<std::unique_ptr<Scheduler>(const std::string& name)> make_scheduler;
    std::function<Result<std::unique_ptr<Journal>>(const JournalOptions&, Scheduler&)> open_journal;
  };
  // The rights say which folders are this export's; what is left of others goes when it is too old.
  // All references outlive the adopter, but the lanes' schedulers are stopped before stop().
  // `options.folder` is set for each adopted folder; options.lanes names the lanes that drain it.
  Adopter(std::string data_folder, FolderRights rights, JournalOptions options, Parts parts);
  ~Adopter();

  // Gives the lane the journals that it has not drained, and those that are found later. A folder
  // stays until every lane of the options has come for it and is through. `done` is called on the
  // search's thread, unless stop() comes first; so is that of detach().
  void attach(const std::string& name, Lane& lane, std::function<void()> done);
  // From `done` on the lane is not used any more. It is to be stopped, and another attached, before
  // anybody else uses what it read.
  void detach(const std::string& name, std::function<void()> done);
  // Ends the search and lets the adopted folders go: drained ones are removed, the others stay on
  // disk for the next agent. Called when the lanes' schedulers are stopped. Idempotent.
  void stop();
  // Those that are being drained.
  [[nodiscard]] std::vector<JournalSnapshot> journals() const;

 private:
  struct Adopted {
    OwnedFolder folder;
    std::unique_ptr<Scheduler> scheduler;
    std::unique_ptr<Journal> journal;
    std::set<std::string> undrained;  // lanes; search thread only
  };

  void search();
  void adopt(OwnedFolder folder);
  void read_by(Lane& lane, const std::string& name, const Adopted& adopted);
  void remove(Adopted& drained);
  void lane_drained(const std::string& name, const std::string& path);
  void tell(const std::string& what, const Error& error);

  const std::string data_folder_;
  const FolderRights rights_;
  const JournalOptions options_;
  const Parts parts_;
  // Search thread only.
  std::map<std::string, Lane*> lanes_;            // attached
  std::map<std::string, Tick> failing_;           // folders that cannot be opened, since when
  std::map<std::string, LogLimiter> log_limits_;  // by folder

  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Adopted>> adopted_ DT_GUARDED_BY(mutex_);

  const std::unique_ptr<Scheduler> scheduler_;  // its tasks use everything above, and what follows
  Leftovers leftovers_;                         // search thread only
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Adopter: finds journal folders whose owner no longer runs, lets the lanes drain them next to the
// process's own journal, and removes each one when every lane has drained it. This lets an upgraded
// agent start before its predecessor has ended.
// Thread-safe for the lanes' callbacks; otherwise used by agent.cc from one thread.

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

// The last component of a folder's path: the name shown to people.
[[nodiscard]] std::string folder_name(const std::string& path);

class Adopter {
 public:
  // The parts that the adopter runs on and opens journals with; the simulation has its own.
  struct Parts {
    FileSystem& files;
    std::function<std::unique_ptr<Scheduler>(const std::string& name)> make_scheduler;
    std::function<Result<std::unique_ptr<Journal>>(const JournalOptions&, Scheduler&)> open_journal;
  };
  // The rights determine which folders belong to this export. Folders of other exports are removed
  // when they are too old. All references outlive the adopter. The lanes' schedulers are stopped
  // before stop() is called. `options.folder` is set for each adopted folder; options.lanes names
  // the lanes that drain it.
  Adopter(std::string data_folder, FolderRights rights, JournalOptions options, Parts parts);
  ~Adopter();

  // Gives the lane the journals that it has not drained, and those that are found later. A folder
  // stays until every lane named in the options has attached and drained it. `done` is called on
  // the search thread, unless stop() comes first; the same holds for detach().
  void attach(const std::string& name, Lane& lane, std::function<void()> done);
  // After `done`, the adopter no longer uses the lane. The caller must stop the lane and attach its
  // replacement before anything else uses the journals that it read.
  void detach(const std::string& name, std::function<void()> done);
  // Ends the search and releases the adopted folders: drained ones are removed, the others stay on
  // disk for the next agent. Call it after the lanes' schedulers have stopped. Idempotent.
  void stop();
  // The journals that are being drained.
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
  std::map<std::string, Tick> failing_;           // folders that cannot be opened, and since when
  std::map<std::string, LogLimiter> log_limits_;  // by folder

  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Adopted>> adopted_ DT_GUARDED_BY(mutex_);

  const std::unique_ptr<Scheduler> scheduler_;  // its tasks use all members above and below
  const Tick started_;
  Leftovers leftovers_;  // search thread only
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#include "agent/app/adopter.h"

#include <algorithm>
#include <utility>

#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

// Most agents that end do so while their successor starts.
constexpr Duration kSearchInterval = std::chrono::seconds(5);
constexpr Duration kLaterInterval = std::chrono::seconds(10);
constexpr Duration kRolloutTime = std::chrono::minutes(2);
// A network disk can be unavailable for minutes and then return with all of its data.
constexpr Duration kPatience = std::chrono::minutes(10);

}  // namespace

std::string folder_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Adopter::Adopter(std::string data_folder, FolderRights rights, JournalOptions options, Parts parts)
    : data_folder_(std::move(data_folder)),
      rights_(std::move(rights)),
      options_(std::move(options)),
      parts_(std::move(parts)),
      scheduler_(parts_.make_scheduler("dt-adopt")),
      started_(scheduler_->clock().tick()),
      leftovers_(parts_.files, scheduler_->clock(), data_folder_) {
  scheduler_->post([this] { search(); });
}

Adopter::~Adopter() { stop(); }

// The previous lane posted its "drained" notices earlier, so the scheduler handles them before this
// task: the new lane does not get journals that the previous one has drained.
void Adopter::attach(const std::string& name, Lane& lane, std::function<void()> done) {
  scheduler_->post([this, name, &lane, done = std::move(done)] {
    lanes_[name] = &lane;
    std::vector<std::shared_ptr<Adopted>> all;
    {
      Lock lock(mutex_);
      all = adopted_;
    }
    for (const auto& one : all) {
      if (one->undrained.contains(name)) read_by(lane, name, *one);
    }
    done();
  });
}

void Adopter::detach(const std::string& name, std::function<void()> done) {
  scheduler_->post([this, name, done = std::move(done)] {
    lanes_.erase(name);
    done();
  });
}

void Adopter::stop() {
  scheduler_->stop();
  std::vector<std::shared_ptr<Adopted>> all;
  {
    Lock lock(mutex_);
    all.swap(adopted_);
  }
  for (const auto& one : all) {
    bool drained = true;
    for (const std::string& name : options_.lanes) {
      JournalLane& lane = one->journal->lane(name);
      const Status synced = lane.sync();
      drained = drained && synced && lane.caught_up();
      ignore(synced, "some spans are sent again, none is lost");
    }
    // Its tasks use the journal's files: stop them before the folder is removed.
    one->scheduler->stop();
    if (drained) remove(*one);
  }
}

std::vector<JournalSnapshot> Adopter::journals() const {
  std::vector<JournalSnapshot> result;
  Lock lock(mutex_);
  for (const auto& one : adopted_) {
    result.push_back({.name = folder_name(one->folder.path),
                      .adopted = true,
                      .health = one->journal->health(),
                      .totals = one->journal->totals()});
  }
  return result;
}

void Adopter::search() {
  Result<FoundFolders> found = adopt_folders(parts_.files, data_folder_, rights_);
  if (found) {
    for (OwnedFolder& folder : found->adopted) adopt(std::move(folder));
    for (const Error& error : found->failed) tell(error.message, error);
    leftovers_.look_at(std::move(found->foreign));
  } else {
    tell(data_folder_, found.error());
  }
  const bool rolling_out = scheduler_->clock().tick() - started_ < kRolloutTime;
  scheduler_->run_after(rolling_out ? kSearchInterval : kLaterInterval, [this] { search(); });
}

void Adopter::adopt(OwnedFolder folder) {
  auto adopted = std::make_shared<Adopted>();
  adopted->scheduler = parts_.make_scheduler("dt-adopted");
  JournalOptions options = options_;
  options.folder = folder.path;
  // An adopted journal stores nothing except records that lanes carry over, and carrying over frees
  // more space than it uses.
  options.keeps_spares = false;
  const auto failing = failing_.find(folder.path);
  const Tick now = scheduler_->clock().tick();
  // After failing for this long, the folder is opened without the headers and cursors that the disk
  // cannot read, so that at least the readable records are delivered.
  options.unreadable_is_damaged = failing != failing_.end() && now - failing->second >= kPatience;
  Result<std::unique_ptr<Journal>> journal = parts_.open_journal(options, *adopted->scheduler);
  if (!journal) {
    failing_.emplace(folder.path, now);
    return tell(folder.path, journal.error());
  }
  failing_.erase(folder.path);
  log_info("adopted the journal of an agent that no longer runs", {{"folder", folder.path}});
  adopted->folder = std::move(folder);
  adopted->journal = *std::move(journal);
  adopted->undrained = {options_.lanes.begin(), options_.lanes.end()};
  {
    Lock lock(mutex_);
    adopted_.push_back(adopted);
  }
  for (const auto& [name, lane] : lanes_) read_by(*lane, name, *adopted);
}

void Adopter::tell(const std::string& what, const Error& error) {
  if (!log_limits_.try_emplace(what, kPatience).first->second.allow(scheduler_->clock().tick())) {
    return;
  }
  log_error(
      "cannot open the journal of an agent that no longer runs; it stays on disk and is retried",
      {{"folder", what}, {"error", error.message}});
}

void Adopter::read_by(Lane& lane, const std::string& name, const Adopted& adopted) {
  lane.add_journal(*adopted.journal, [this, name, path = adopted.folder.path] {
    scheduler_->post([this, name, path] { lane_drained(name, path); });
  });
}

void Adopter::lane_drained(const std::string& name, const std::string& path) {
  std::shared_ptr<Adopted> drained;
  {
    Lock lock(mutex_);
    const auto found = std::find_if(adopted_.begin(), adopted_.end(),
                                    [&](const auto& one) { return one->folder.path == path; });
    (*found)->undrained.erase(name);
    if (!(*found)->undrained.empty()) return;
    drained = *found;
    adopted_.erase(found);
  }
  drained->scheduler->stop();
  remove(*drained);
}

void Adopter::remove(Adopted& drained) {
  const std::string path = drained.folder.path;
  drained.journal.reset();
  const Status removed = remove_folder(parts_.files, std::move(drained.folder));
  if (removed) {
    log_info("drained and removed an adopted journal", {{"folder", path}});
  } else {
    log_warn("cannot remove a drained journal",
             {{"folder", path}, {"error", removed.error().message}});
  }
}

}  // namespace dualtrace::agent

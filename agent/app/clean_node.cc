// SPDX-License-Identifier: Apache-2.0
#include "agent/app/clean_node.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "agent/app/leftovers.h"

namespace dualtrace::agent {
namespace {

namespace fs = std::filesystem;

// The longest maxAge that an export can set. Without a mark, the actual one is unknown.
constexpr std::chrono::hours kUnknownAge{8760};
constexpr uint64_t kMebibyte = 1 << 20;

// The folders in `path`, sorted by name, without symbolic links.
std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (fs::is_directory(at->symlink_status(error))) found.push_back(at->path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_named(const std::string& path, std::string_view beginning) {
  return path.substr(path.rfind('/') + 1).starts_with(beginning);
}

bool is_journal(const std::string& path) { return is_named(path, "journal-"); }
bool is_dead_letters(const std::string& path) { return is_named(path, "dead-letters"); }

uint64_t bytes_in(const std::string& path) {
  uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code not_a_file;
    if (!fs::is_regular_file(at->symlink_status(not_a_file))) continue;
    const uint64_t bytes = at->file_size(not_a_file);
    if (!not_a_file) sum += bytes;
  }
  return sum;
}

}  // namespace

CleanNode::CleanNode(CleanNodeOptions options, FileSystem& files, Clock& clock,
                     std::function<void(const std::string&)> say)
    : options_(std::move(options)),
      files_(files),
      clock_(clock),
      say_(std::move(say)),
      ages_(clock) {}

Status CleanNode::clean() {
  const fs::file_status status = fs::symlink_status(options_.folder);
  if (!fs::is_directory(status)) {
    return fail(ErrorKind::kInvalid, options_.folder + " is not a folder");
  }
  return options_.expired_only ? clean_expired(homes()) : clean_all(homes());
}

// <folder>/<namespace>/<export>, <folder>/<export> or the folder itself.
std::vector<CleanNode::Home> CleanNode::homes() const {
  std::vector<std::string> paths = {options_.folder};
  for (const std::string& space : folders_in(options_.folder)) {
    if (is_journal(space) || is_dead_letters(space)) continue;
    paths.push_back(space);
    for (const std::string& home : folders_in(space)) {
      if (!is_journal(home) && !is_dead_letters(home)) paths.push_back(home);
    }
  }
  std::vector<Home> homes;
  for (const std::string& path : paths) homes.push_back(look_into(path));
  return homes;
}

// The locks are held until the pass is over, so that no agent starts in a journal that is being
// removed.
CleanNode::Home CleanNode::look_into(const std::string& path) const {
  Home home{.path = path, .journals = {}, .mark = {}};
  if (auto mark = read_mark(files_, path)) home.mark = *std::move(mark);
  home.is_agents = home.mark.has_value();
  for (const std::string& folder : folders_in(path)) {
    home.is_agents = home.is_agents || is_journal(folder) || is_dead_letters(folder);
    if (!is_journal(folder)) continue;
    Journal journal{.path = folder, .mark = {}, .lock = nullptr};
    if (auto mark = read_mark(files_, folder)) journal.mark = *std::move(mark);
    auto lock = files_.try_lock(folder + "/lock");
    if (lock) {
      journal.lock = *std::move(lock);
    } else {
      home.alive = home.alive || lock.error().kind == ErrorKind::kConflict;
    }
    home.journals.push_back(std::move(journal));
  }
  return home;
}

Status CleanNode::clean_all(std::vector<Home> homes) {
  std::string alive;
  for (const Home& home : homes) {
    if (home.alive) alive += (alive.empty() ? "" : ", ") + home.path;
  }
  if (!alive.empty() && !options_.force) {
    return fail(ErrorKind::kConflict,
                "agents run on this node and would lose their undelivered spans: " + alive +
                    "; nothing was removed. Stop them first (delete the exports, or move the "
                    "agents off the node), or use --force");
  }
  bool all = true;
  for (const Home& home : homes) {
    for (const std::string& folder : folders_in(home.path)) {
      if (is_journal(folder) || is_dead_letters(folder)) all = remove(folder) && all;
    }
    remove_if_empty(home);
  }
  if (all) return {};
  return fail(ErrorKind::kInternal, "some folders could not be removed");
}

Status CleanNode::clean_expired(std::vector<Home> homes) {
  bool all = true;
  for (const Home& home : homes) {
    if (home.alive) continue;  // its agent maintains the folder itself
    for (const Journal& journal : home.journals) {
      if (!journal.lock) continue;
      const auto last = last_written(files_, journal.path);
      if (may_go(journal.path, last, journal.mark)) all = remove(journal.path) && all;
    }
    for (const std::string& folder : folders_in(home.path)) {
      if (!is_dead_letters(folder)) continue;
      const auto own_mark = read_mark(files_, folder);
      const auto& mark = own_mark && *own_mark ? *own_mark : home.mark;
      if (may_go(folder, last_letter(files_, folder), mark)) all = remove(folder) && all;
    }
    remove_if_empty(home);
  }
  if (all) return {};
  return fail(ErrorKind::kInternal, "some folders could not be removed");
}

bool CleanNode::may_go(const std::string& path, const Result<int64_t>& last,
                       const std::optional<FolderMark>& mark) {
  const Duration kept = mark ? Duration(mark->max_age) : Duration(kUnknownAge);
  // A folder that cannot be read may hold recent spans.
  if (!last || clock_.wall() - (from_unix_nanos(0) + std::chrono::seconds(*last)) <= kept) {
    ages_.forget(path);
    return false;
  }
  return !options_.again_and_again || ages_.may_go(path);
}

bool CleanNode::remove(const std::string& path) {
  const std::string what = path + " (" + std::to_string(bytes_in(path) / kMebibyte) + " MiB)";
  if (options_.dry_run) {
    say_("would remove " + what);
    return true;
  }
  std::error_code error;
  fs::remove_all(path, error);
  ages_.forget(path);
  say_(error ? "cannot remove " + what + ": " + error.message() : "removed " + what);
  return !error;
}

// The mark is useless once the journals and dead letters are gone. Parent folders are removed if
// they are empty. Failing to remove them is harmless, since they hold nothing.
void CleanNode::remove_if_empty(const Home& home) {
  if (options_.dry_run || !home.is_agents) return;
  std::error_code error;
  for (fs::directory_iterator at(home.path, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename() != "owner") return;
  }
  if (error) return;
  fs::remove(home.path + "/owner", error);
  if (home.path == options_.folder) return;
  fs::remove(home.path, error);
  const std::string above = home.path.substr(0, home.path.rfind('/'));
  if (above != options_.folder) fs::remove(above, error);
}

}  // namespace dualtrace::agent

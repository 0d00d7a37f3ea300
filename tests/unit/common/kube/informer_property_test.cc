// SPDX-License-Identifier: Apache-2.0
// Whatever the server and the network do: the listener's events are consistent at every step, no
// schedule causes a busy loop, and once the faults end, the store matches the server.

#include <algorithm>
#include <set>

#include "common/random/random.h"
#include "tests/unit/common/kube/informer_fixture.h"

namespace dualtrace::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// An API server, reduced to lists and watches: a history that can be compacted.
class ServerModel {
 public:
  struct Entry {
    uint64_t version;
    std::string type;
    Json object;
  };

  void change_something(Random& random) {
    const std::string name(1, static_cast<char>('a' + random.below(8)));
    const bool there = alive_.contains(name);
    const std::string version = std::to_string(++version_);
    if (there && random.below(3) == 0) {
      history_.push_back({version_, "DELETED", pod(name, version)});
      alive_.erase(name);
    } else {
      history_.push_back({version_, there ? "MODIFIED" : "ADDED", pod(name, version)});
      alive_.insert(name);
    }
  }
  void compact(Random& random) { compacted_ += random.below(version_ - compacted_ + 1); }

  std::map<std::string, Json> objects_at(uint64_t version) const {
    std::map<std::string, Json> objects;
    for (const Entry& entry : history_) {
      if (entry.version > version) break;
      const std::string name = key_of(entry.object).name;
      if (entry.type == "DELETED") {
        objects.erase(name);
      } else {
        objects.insert_or_assign(name, entry.object);
      }
    }
    return objects;
  }

  // Two objects per page. The token is "version/offset".
  Result<ListPage> list(const ListRequest& request) const {
    uint64_t version = version_;
    size_t offset = 0;
    if (!request.continue_token.empty()) {
      version = std::stoull(request.continue_token);
      offset = std::stoull(request.continue_token.substr(request.continue_token.find('/') + 1));
      if (version < compacted_) return fail(ErrorKind::kExpired, "the token is too old");
    }
    ListPage page{{}, std::to_string(version), ""};
    size_t index = 0;
    for (const auto& [name, object] : objects_at(version)) {
      if (index++ < offset) continue;
      if (page.items.size() == 2) {
        page.continue_token = std::to_string(version) + "/" + std::to_string(offset + 2);
        break;
      }
      page.items.push_back(object);
    }
    return page;
  }

  [[nodiscard]] const Entry* first_after(uint64_t version) const {
    const auto entry = std::upper_bound(history_.begin(), history_.end(), version,
                                        [](uint64_t v, const Entry& e) { return v < e.version; });
    return entry == history_.end() ? nullptr : &*entry;
  }
  [[nodiscard]] bool keeps(uint64_t version) const { return version >= compacted_; }
  [[nodiscard]] uint64_t version() const { return version_; }
  [[nodiscard]] const std::vector<Entry>& history() const { return history_; }

 private:
  uint64_t version_ = 1;
  uint64_t compacted_ = 0;
  std::set<std::string> alive_;
  std::vector<Entry> history_;
};

class TroubledWorld : public InformerWorld {
 public:
  explicit TroubledWorld(uint64_t seed) : random(seed) {
    streams = random.below(3) > 0;
    for (int i = 0; i < 10; ++i) server.change_something(random);
    start_streaming(seed);
  }

  // The percentage of requests and lines that go wrong.
  void serve(uint64_t trouble) {
    if (!api.lists.empty() && api.lists.back().done) serve_list(trouble);
    if (!api.watches.empty() && api.last_watch().open) serve_watch(trouble);
    scheduler.run_ready();
    if (!first_listed && informer->synced()) first_listed = listed;
  }

  void serve_list(uint64_t trouble) {
    if (random.below(100) >= trouble) {
      Result<ListPage> page = server.list(api.lists.back().request);
      if (page) listed = std::stoull(page->resource_version);
      api.answer(std::move(page));
      return;
    }
    switch (random.below(8)) {
      case 0:
        return;  // slow, or never answered
      case 1:
        api.answer(ListPage{{pod("", "1")}, "5", ""});
        return;
      case 2:
        api.answer(fail(ErrorKind::kExpired, "m"));
        return;
      case 3:
        api.answer(fail(ErrorKind::kInvalid, "m"));
        return;
      default:
        api.answer(any_failure());
    }
  }

  void serve_watch(uint64_t trouble) {
    FakeListWatch::Watched& watch = api.last_watch();
    if (api.watches.size() != served_watch) {
      served_watch = api.watches.size();
      if (watch.lists_first && !streams) {
        return watch.end(fail(ErrorKind::kInvalid, "sendInitialEvents is forbidden"));
      }
      position = watch.lists_first ? server.version() : std::stoull(watch.resource_version);
      initial.clear();
      ends_list = watch.lists_first;
      if (ends_list) {
        listed = position;
        for (const auto& [name, object] : server.objects_at(position)) initial.push_back(object);
      }
    }
    if (!server.keeps(position)) {
      if (random.below(2) == 0) return watch.end(fail(ErrorKind::kExpired, "compacted"));
      return watch.send(error_event(410, "Expired"));
    }
    for (uint64_t lines = random.below(4); lines > 0; --lines) send_next(watch);
    if (random.below(100) < trouble) disturb(watch);
  }

  void send_next(FakeListWatch::Watched& watch) {
    if (!initial.empty()) {
      watch.send(watch_event("ADDED", initial.front()));
      initial.erase(initial.begin());
      return;
    }
    if (std::exchange(ends_list, false)) return watch.send(last_of_list(std::to_string(position)));
    const ServerModel::Entry* entry = server.first_after(position);
    if (entry != nullptr) {
      watch.send(watch_event(entry->type, entry->object));
      if (random.below(8) == 0) watch.send(watch_event(entry->type, entry->object));
      position = entry->version;
    } else {
      position = server.version();
      watch.send(bookmark(std::to_string(position)));
    }
  }

  void disturb(FakeListWatch::Watched& watch) {
    switch (random.below(7)) {
      case 0:
        return watch.send_line(R"({"type":"ADDED","object":{"metada)");
      case 1:
        return watch.send(error_event(random.below(2) == 0 ? 500 : 429, "m"));
      case 2:
        return watch.send(error_event(504, "Timeout", "Too large resource version: 99"));
      case 3:
        return watch.end({});
      case 4:
        scheduler.run_for(seconds(151));  // silence
        return;
      default:
        watch.end(any_failure());
    }
  }

  Failure any_failure() {
    constexpr ErrorKind kKinds[] = {ErrorKind::kUnavailable, ErrorKind::kThrottled,
                                    ErrorKind::kDenied, ErrorKind::kNotFound, ErrorKind::kInternal};
    Error error{kKinds[random.below(std::size(kKinds))], "m"};
    if (random.below(4) == 0) error.retry_after = seconds(random.below(5));
    return fail(std::move(error));
  }

  void expect_store_tells_what_is_true() {
    std::vector<std::string> truth;
    for (const auto& [name, object] : server.objects_at(server.version())) {
      truth.push_back(name + "@" + version(object));
    }
    ASSERT_EQ(held(), truth);
    std::vector<std::string> mirrored;
    for (const auto& [key, object] : mirror) {
      mirrored.push_back(key.name + "@" + version(*object));
    }
    ASSERT_EQ(mirrored, truth);
  }

  void heal() {
    const Tick begin = clock.tick();
    while (clock.tick() - begin < minutes(5)) {
      scheduler.run_for(seconds(5));
      serve(0);
    }
  }

  void cut() {
    if (api.watches.empty() || !api.last_watch().open) return;
    const ErrorKind kind = random.below(2) == 0 ? ErrorKind::kUnavailable : ErrorKind::kThrottled;
    api.last_watch().end(random.below(2) == 0 ? Status() : Status(fail(kind, "m")));
  }

  std::vector<std::string> every_change_since_the_first_list() const {
    std::vector<std::string> changes;
    std::map<std::string, std::string> versions;
    for (const auto& [name, object] : server.objects_at(*first_listed)) {
      changes.push_back(name + "@" + (versions[name] = version(object)));
    }
    for (const ServerModel::Entry& entry : server.history()) {
      if (entry.version <= *first_listed) continue;
      const std::string name = key_of(entry.object).name;
      if (entry.type == "DELETED") {
        changes.push_back(name + " gone@" + versions[name]);
      } else {
        changes.push_back(name + "@" + (versions[name] = version(entry.object)));
      }
    }
    return changes;
  }

  Random random;
  ServerModel server;
  bool streams = false;
  size_t served_watch = 0;
  std::vector<Json> initial;  // the rest of a list that is being streamed
  bool ends_list = false;     // then the marker that ends the list
  uint64_t position = 0;
  uint64_t listed = 0;  // the version of the last list
  std::optional<uint64_t> first_listed;
};

constexpr uint64_t kSeeds = 1000;

TEST(InformerProperty, EndsWithWhatIsTrueAndTellsAConsistentStory) {
  for (uint64_t seed = 1; seed <= kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TroubledWorld world(seed);
    Random& random = world.random;
    const uint64_t trouble = random.below(60);
    for (int i = 0; i < 60; ++i) {
      for (uint64_t changes = random.below(3); changes > 0; --changes) {
        world.server.change_something(random);
      }
      if (random.below(20) == 0) world.server.compact(random);
      world.serve(trouble);
      world.scheduler.run_for(milliseconds(random.below(random.below(20) == 0 ? 20'000 : 500)));
    }
    world.heal();
    world.expect_store_tells_what_is_true();
    EXPECT_TRUE(world.informer->synced());
  }
}

// Without compaction and damage nothing is listed a second time, so every single change must be
// reported, in order, exactly once.
TEST(InformerProperty, LosesNoChangeToCutsAlone) {
  for (uint64_t seed = 1; seed <= kSeeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TroubledWorld world(seed);
    for (int i = 0; i < 60; ++i) {
      world.server.change_something(world.random);
      world.serve(0);
      if (world.random.below(4) == 0) world.cut();
      world.scheduler.run_for(milliseconds(world.random.below(2000)));
    }
    world.heal();
    world.expect_store_tells_what_is_true();
    EXPECT_EQ(world.told, world.every_change_since_the_first_list());
    EXPECT_TRUE(
        world.has_metric(R"(dualtrace_informer_lists_total{namespace="",resource="pods"} 1)"));
  }
}

}  // namespace
}  // namespace dualtrace::kube

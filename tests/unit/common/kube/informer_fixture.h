// SPDX-License-Identifier: Apache-2.0
#pragma once
// An informer of pods on a FakeListWatch and a FakeScheduler, and a listener that checks its calls:
// the state before each change is the state after the previous one.

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/kube/informer.h"
#include "tests/fakes/fake_list_watch.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/unit/common/kube/objects.h"

namespace dualtrace::kube {

class InformerWorld {
 public:
  InformerWorld() = default;
  ~InformerWorld() { scheduler.stop(); }
  InformerWorld(const InformerWorld&) = delete;
  InformerWorld& operator=(const InformerWorld&) = delete;

  // From a server that does not support streamed lists.
  void start(uint64_t seed = 1) {
    start_streaming(seed);
    end(fail(ErrorKind::kInvalid, "sendInitialEvents is forbidden"));
    api.watches.clear();
  }

  void start_streaming(uint64_t seed = 1) {
    options.selection.type = kPods;
    informer.emplace(options, api, scheduler, seed, metrics,
                     [this](const Change& change) { hear(change); });
    informer->start();
    scheduler.run_ready();
  }

  void hear(const Change& change) {
    ObjectPointer& known = mirror[change.key];
    EXPECT_EQ(change.before, known) << "it was told something else before";
    EXPECT_NE(change.before, change.after);
    EXPECT_EQ(informer->store().get(change.key), change.after) << "the store shows it first";
    known = change.after;
    synced_at_last_word = informer->synced();
    const std::string name = change.key.name;
    if (!change.after) {
      told.push_back(name + " gone@" + version(*change.before));
      mirror.erase(change.key);
    } else {
      told.push_back(name + "@" + version(*change.after));
    }
  }

  static std::string version(const Json& object) {
    return std::string(text_at(object, {"metadata", "resourceVersion"}));
  }
  static ListPage page(std::vector<Json> items, std::string version, std::string next = "") {
    return {std::move(items), std::move(version), std::move(next)};
  }
  void answer(Result<ListPage> page) {
    api.answer(std::move(page));
    scheduler.run_ready();
  }
  void send(const Json& event) {
    api.last_watch().send(event);
    scheduler.run_ready();
  }
  void end(Status status) {
    api.last_watch().end(std::move(status));
    scheduler.run_ready();
  }
  // name@version of every object in the store.
  std::vector<std::string> held() const {
    std::vector<std::string> texts;
    for (const ObjectPointer& object : informer->store().all()) {
      texts.push_back(key_of(*object).name + "@" + version(*object));
    }
    return texts;
  }
  bool has_metric(const std::string& line) const {
    return metrics.text().find(line + "\n") != std::string::npos;
  }

  FakeClock clock;
  FakeScheduler scheduler{clock};
  FakeListWatch api;
  MetricRegistry metrics;
  Informer::Options options;
  std::map<ObjectKey, ObjectPointer> mirror;
  std::vector<std::string> told;
  bool synced_at_last_word = false;
  std::optional<Informer> informer;
};

class InformerFixture : public testing::Test, public InformerWorld {};

}  // namespace dualtrace::kube

// SPDX-License-Identifier: Apache-2.0
#include "operator/app/informers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "operator/api/dual_trace_export.h"
#include "operator/plan/names.h"
#include "operator/plan/plan.h"
#include "tests/fakes/fake_list_watch.h"
#include "tests/fakes/fake_scheduler.h"

namespace dualtrace::ctl {
namespace {

using kube::Change;
using kube::ObjectKey;

Json object(const std::string& space, const std::string& name, const std::string& label = "") {
  Json made = {
      {"metadata", {{"namespace", space}, {"name", name}, {"uid", "u"}, {"resourceVersion", "1"}}}};
  if (!label.empty()) made["metadata"]["labels"] = {{kExportLabel, label}};
  return made;
}

struct World {
  explicit World(std::vector<std::string> namespaces = {},
                 std::function<void()> request_changed = {})
      : informers(std::move(namespaces), {api, scheduler, metrics},
                  {.export_changed = [this](const Change& c) { exports.push_back(c.key); },
                   .child_changed = [this](const Change& c) { children.push_back(c.key); },
                   .pod_changed = [this](const Change& c) { pods.push_back(c.key); },
                   .request_changed = std::move(request_changed)}) {
    informers.start();
    scheduler.run_ready();
    // A server that does not support streamed lists.
    for (size_t at = 0; at < api.watches.size(); ++at) {
      if (!api.watches[at]->lists_first) continue;
      api.watches[at]->end(fail(ErrorKind::kInvalid, "sendInitialEvents is forbidden"));
    }
    scheduler.run_ready();
  }
  ~World() { scheduler.stop(); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Answers the list of that type (and namespace) with these objects.
  void answer(const kube::ResourceType& type, std::vector<Json> items,
              const std::string& space = "") {
    for (auto& listed : api.lists) {
      if (!listed.done || !(listed.selection.type == type)) continue;
      if (listed.selection.namespace_name != space) continue;
      std::exchange(listed.done, nullptr)(kube::ListPage{std::move(items), "9", ""});
      scheduler.run_ready();
      return;
    }
    FAIL() << "nobody listed " << type.plural;
  }
  // Denies each pending list of that namespace, including those that follow.
  void deny(const std::string& space) {
    for (size_t at = 0; at < api.lists.size(); ++at) {
      auto& listed = api.lists[at];
      if (!listed.done || listed.selection.namespace_name != space) continue;
      std::exchange(listed.done, nullptr)(fail(ErrorKind::kDenied, "forbidden in " + space));
    }
    scheduler.run_ready();
  }
  void answer_the_others() {
    for (size_t at = 0; at < api.lists.size(); ++at) {
      if (!api.lists[at].done) continue;
      std::exchange(api.lists[at].done, nullptr)(kube::ListPage{{}, "9", ""});
      scheduler.run_ready();
    }
  }

  FakeClock clock;
  FakeScheduler scheduler{clock};
  kube::FakeListWatch api;
  MetricRegistry metrics;
  std::vector<ObjectKey> exports;
  std::vector<ObjectKey> children;
  std::vector<ObjectKey> pods;
  Informers informers;
};

TEST(Informers, WatchEveryPlannedKindByItsLabelAndWithoutItsContent) {
  World world;
  for (const kube::ResourceType& type : planned_types()) {
    const auto asked = std::find_if(world.api.lists.begin(), world.api.lists.end(),
                                    [&](const auto& list) { return list.selection.type == type; });
    ASSERT_NE(asked, world.api.lists.end()) << type.plural;
    EXPECT_EQ(asked->selection.label_selector, kManagedBySelector);
    EXPECT_EQ(asked->selection.form == kube::Form::kWhole, type == kube::kDaemonSets);
  }
  EXPECT_EQ(world.api.lists.size(), planned_types().size() + 2);  // plus exports and pods
}

TEST(Informers, TellWhatIsNotSyncedYet) {
  World world({"a", "b"});
  EXPECT_EQ(world.informers.unsynced().size(), world.api.lists.size());
  world.answer(kube::kPods, {}, "a");
  const std::vector<std::string> missing = world.informers.unsynced();
  EXPECT_EQ(std::count(missing.begin(), missing.end(), "pods in a"), 0);
  EXPECT_EQ(std::count(missing.begin(), missing.end(), "pods in b"), 1);
  world.answer_the_others();
  EXPECT_TRUE(world.informers.unsynced().empty());
}

TEST(Informers, DoNotWaitForANamespaceThatNobodyLetsThemInto) {
  World world({"a", "b"}, [] {});
  EXPECT_TRUE(world.informers.unserved().empty());
  world.deny("a");
  const auto unserved = world.informers.unserved();
  ASSERT_EQ(unserved.size(), 1U);
  EXPECT_EQ(unserved[0], (Informers::Unserved{"a", "forbidden in a"}));
  EXPECT_FALSE(world.informers.unsynced().empty()) << "b is still expected";
  world.answer_the_others();
  EXPECT_TRUE(world.informers.unsynced().empty());
  EXPECT_FALSE(world.informers.knows("a"));
  EXPECT_TRUE(world.informers.knows("b"));

  world.scheduler.run_for(std::chrono::seconds(2));  // by then it retries
  world.answer_the_others();
  EXPECT_TRUE(world.informers.unserved().empty());
  EXPECT_TRUE(world.informers.knows("a"));
}

TEST(Informers, WaitWhenNobodyLetsThemIntoAny) {
  World world({"a", "b"});
  world.deny("a");
  world.deny("b");
  EXPECT_EQ(world.informers.unserved().size(), 2U);
  EXPECT_FALSE(world.informers.unsynced().empty());
  World everywhere;
  everywhere.deny("");
  EXPECT_TRUE(everywhere.informers.unserved().empty());
  EXPECT_FALSE(everywhere.informers.unsynced().empty());
}

TEST(Informers, FindAnExportAndWhatCarriesItsLabelInItsNamespace) {
  World world;
  const std::string long_name(100, 'x');
  const std::string label = export_label_value(long_name);
  world.answer(kDualTraceExports, {object("a", long_name), object("b", long_name)});
  world.answer(kube::kServices, {object("a", "one", label), object("b", "two", label),
                                 object("a", "other", "other"), object("a", "none")});
  world.answer(kube::kPods, {object("a", "pod", label)});
  const ObjectKey key{"a", long_name};
  ASSERT_NE(world.informers.find_export(key), nullptr);
  EXPECT_EQ(world.informers.find_export({"a", "other"}), nullptr);
  const auto services = world.informers.children(kube::kServices, key);
  ASSERT_EQ(services.size(), 1U);
  EXPECT_EQ(kube::key_of(*services[0]), (ObjectKey{"a", "one"}));
  EXPECT_TRUE(world.informers.children(kube::kConfigMaps, key).empty());
  EXPECT_EQ(world.informers.pods(key).size(), 1U);
  EXPECT_EQ(world.informers.exports_by_label("a", label), (std::vector{key}));
}

TEST(Informers, KnowNothingOfNamespacesThatAreNotWatched) {
  World world({"a"});
  world.answer(kDualTraceExports, {object("a", "one")}, "a");
  EXPECT_NE(world.informers.find_export({"a", "one"}), nullptr);
  EXPECT_EQ(world.informers.find_export({"b", "one"}), nullptr);
  EXPECT_TRUE(world.informers.pods({"b", "one"}).empty());
  EXPECT_TRUE(world.informers.exports_by_label("b", "one").empty());
}

Json sound(const std::string& space, const std::string& name) {
  Json made = object(space, name);
  made["spec"] = {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "arize"}}}}}};
  return made;
}

TEST(Informers, HaveReadEveryExportWhenTheySayThatTheyAreSynced) {
  World world({"a", "b"}, [] {});
  world.answer(kDualTraceExports, {sound("a", "one"), object("a", "faulty")}, "a");
  world.answer_the_others();
  ASSERT_TRUE(world.informers.unsynced().empty());
  const auto exports = world.informers.exports();
  ASSERT_EQ(exports->size(), 2U);
  EXPECT_FALSE(exports->at({"a", "one"}).faulty);
  EXPECT_TRUE(exports->at({"a", "faulty"}).faulty);
}

TEST(Informers, KnowTheNamespacesWhosePodsMayAsk) {
  const auto names = [](const Informers& informers) {
    std::vector<std::pair<std::string, bool>> found;
    for (const PodNamespace& one : informers.namespaces()) {
      found.emplace_back(one.name, one.labels.has_value());
    }
    return found;
  };
  World everywhere({}, [] {});
  everywhere.answer(kube::kNamespaces, {object("", "shop", "x"), object("", "bar")});
  EXPECT_EQ(names(everywhere.informers),
            (std::vector<std::pair<std::string, bool>>{{"bar", true}, {"shop", true}}));
  World some({"a", "b"}, [] {});
  EXPECT_EQ(names(some.informers),
            (std::vector<std::pair<std::string, bool>>{{"a", false}, {"b", false}}));
}

TEST(Informers, TellEachListenerOfItsKind) {
  World world;
  world.answer(kDualTraceExports, {object("a", "export")});
  world.answer(kube::kDaemonSets, {object("a", "set", "export")});
  world.answer(kube::kPods, {object("a", "pod", "export")});
  EXPECT_EQ(world.exports, (std::vector{ObjectKey{"a", "export"}}));
  EXPECT_EQ(world.children, (std::vector{ObjectKey{"a", "set"}}));
  EXPECT_EQ(world.pods, (std::vector{ObjectKey{"a", "pod"}}));
}

}  // namespace
}  // namespace dualtrace::ctl

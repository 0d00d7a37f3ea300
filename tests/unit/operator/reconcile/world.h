// SPDX-License-Identifier: Apache-2.0
#pragma once
// World: a cluster with one export in it, and an operator whose cache shows what is there whenever
// it reconciles. Used from one thread.

#include <memory>
#include <string>
#include <vector>

#include "common/metric/metric.h"
#include "operator/reconcile/reconciler.h"
#include "tests/fakes/fake_agents.h"
#include "tests/fakes/fake_cache.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_event_sink.h"
#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::ctl {

inline const kube::ObjectKey kExport{"shop", "agents"};
inline const kube::ObjectKey kChild{"shop", "agents-dualtrace"};
inline constexpr const char* kSpaceId = "U3BhY2U6MTIzNDU6QWJDZA==";  // Space:12345:AbCd

// The data of a Secret, from plain texts.
[[nodiscard]] Json secret(const std::string& name,
                          const std::vector<std::pair<std::string, std::string>>& values);
[[nodiscard]] Json export_object();

class World {
 public:
  World();

  // A new process: nothing is remembered.
  void restart() { restart(api); }
  void restart(kube::Api& through);
  // With the cache as it is.
  Result<Next> reconcile() { return reconciler->reconcile(kExport); }
  // With the cache up to date.
  Result<Next> run();
  // Runs until a run writes nothing; fails the test if that does not come.
  void settle();

  void edit_export(const std::function<void(Json&)>& edit);
  // What somebody else does to a child.
  void edit(const kube::ResourceType& type, const std::function<void(Json&)>& edit);
  void delete_child(const kube::ResourceType& type) { api.erase(type, kChild); }
  // As the DaemonSet's controller reports it.
  void roll_out(int nodes);

  [[nodiscard]] Json child(const kube::ResourceType& type) const;
  [[nodiscard]] Json status() const;
  [[nodiscard]] std::string condition(const std::string& type) const;  // "False SecretMissing"
  // Every object but what only tells when it was made, written and by whom.
  [[nodiscard]] Json everything() const;

  FakeClock clock;
  kube::FakeApi api;
  FakeCache cache{api};
  FakeAgents agents;
  kube::FakeEventSink events;
  MetricRegistry metrics;
  Permissions permissions{.images = {"*"}, .priority_classes = {"*"}};  // as of the next restart
  Scope scope{};                                                        // the same
  std::string lease{};                                                  // the same
  std::unique_ptr<Reconciler> reconciler;
};

}  // namespace dualtrace::ctl

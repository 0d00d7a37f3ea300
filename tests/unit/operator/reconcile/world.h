// SPDX-License-Identifier: Apache-2.0
#pragma once
// World: a cluster with one export, and an operator whose cache is current whenever it reconciles.
// Used from one thread.

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

// The data of a Secret, from plain text.
[[nodiscard]] Json secret(const std::string& name,
                          const std::vector<std::pair<std::string, std::string>>& values);
[[nodiscard]] Json export_object();

class World {
 public:
  World();

  // Starts a new process, with nothing in memory.
  void restart() { restart(api); }
  void restart(kube::Api& through);
  // With the cache unchanged.
  Result<Next> reconcile() { return reconciler->reconcile(kExport); }
  // Updates the cache first.
  Result<Next> run();
  // Runs until a run writes nothing. Fails the test if that never happens.
  void settle();

  void edit_export(const std::function<void(Json&)>& edit);
  // Another writer's change to a child.
  void edit(const kube::ResourceType& type, const std::function<void(Json&)>& edit);
  void delete_child(const kube::ResourceType& type) { api.erase(type, kChild); }
  // Reports the rollout as the DaemonSet controller does.
  void roll_out(int nodes);

  [[nodiscard]] Json child(const kube::ResourceType& type) const;
  [[nodiscard]] Json status() const;
  [[nodiscard]] std::string condition(const std::string& type) const;  // "False SecretMissing"
  // Every object, without the fields that only record when, by whom and as what version.
  [[nodiscard]] Json everything() const;

  FakeClock clock;
  kube::FakeApi api;
  FakeCache cache{api};
  FakeAgents agents;
  kube::FakeEventSink events;
  MetricRegistry metrics;
  Permissions permissions{.images = {"*"}, .priority_classes = {"*"}};  // after the next restart
  Scope scope{};                                                        // likewise
  std::string lease{};                                                  // likewise
  std::unique_ptr<Reconciler> reconciler;
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Informers: one for each kind and watched namespace. Together they are the Cache that reconcile/
// reads and the ClusterView that webhook/ reads. They keep exports and DaemonSets (trimmed), the
// metadata of the other children, and where each agent's pod runs. If a webhook is served, they
// also keep the requests of pods (census/asking_pods.h), the labels of namespaces, and the parts of
// exports that the webhook needs.
// If the operator may not read one of several namespaces, the others do not wait for it.
// The ClusterView has no export that the installation does not serve (operator/api/scope.h).
// Thread-safe.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/kube/informer.h"
#include "common/kube/reflector.h"
#include "operator/api/scope.h"
#include "operator/census/asking_pods.h"
#include "operator/reconcile/cache.h"
#include "operator/webhook/cluster_view.h"
#include "operator/webhook/known_exports.h"
#include "operator/webhook/request.h"

namespace dualtrace::ctl {

class Informers final : public Cache, public ClusterView {
 public:
  struct Listeners {  // called on the scheduler; must not block
    kube::Informer::Listener export_changed;
    kube::Informer::Listener child_changed;
    kube::Informer::Listener pod_changed;
    // A pod or a namespace has changed its request. Empty: no webhook is served, and neither is
    // watched.
    std::function<void()> request_changed{};
  };
  struct Parts {  // all outlive it; the scheduler is stopped first
    kube::ListWatch& api;
    Scheduler& scheduler;
    MetricRegistry& metrics;
    ConsentRules consent{};
    Scope scope{};
  };
  // No namespaces: all of them.
  Informers(std::vector<std::string> namespaces, const Parts& parts, Listeners listeners);

  void start();
  // "daemonsets", "pods in shop": the lists that are not complete yet, without namespaces that are
  // not served. All lists, as long as no namespace is served.
  [[nodiscard]] std::vector<std::string> unsynced() const;
  // Whether everything that an export of this namespace depends on has been listed once.
  [[nodiscard]] bool knows(const std::string& namespace_name) const;
  struct Unserved {
    std::string namespace_name;
    std::string why;
    bool operator==(const Unserved&) const = default;
  };
  // If several namespaces are watched, those in which something cannot be listed or watched now:
  // the namespace was deleted, or its Role.
  [[nodiscard]] std::vector<Unserved> unserved() const;
  [[nodiscard]] std::vector<kube::ObjectPointer> exports_of(
      const std::string& namespace_name) const;
  [[nodiscard]] std::vector<kube::ObjectKey> exports_by_label(
      const std::string& namespace_name, const std::string& export_label) const;

  [[nodiscard]] kube::ObjectPointer find_export(const kube::ObjectKey& key) const override;
  [[nodiscard]] std::vector<kube::ObjectPointer> children(
      const kube::ResourceType& type, const kube::ObjectKey& export_key) const override;
  [[nodiscard]] std::vector<kube::ObjectPointer> pods(
      const kube::ObjectKey& export_key) const override;

  // Empty if no webhook is served.
  [[nodiscard]] std::shared_ptr<const KnownExports> exports() const override;
  [[nodiscard]] std::optional<Labels> namespace_labels(const std::string& name) const override;
  // All watched and known namespaces, with the labels that the operator may read.
  [[nodiscard]] std::vector<PodNamespace> namespaces() const;
  // In all watched namespaces.
  [[nodiscard]] std::vector<AskingPodPointer> asking_pods() const;

 private:
  struct Watched {
    kube::ResourceType type;
    std::string namespace_name;  // "": all
    std::unique_ptr<kube::Informer> informer;
  };
  struct Asking {
    std::string namespace_name;
    std::shared_ptr<AskingPods> pods;
    std::unique_ptr<kube::Reflector> reflector;
  };
  // Anything that lists and watches.
  struct Source {
    std::string what;  // "pods", "all pods"
    std::string namespace_name;
    bool synced;
    std::optional<Error> failure;
  };

  void tell_of_others(const kube::Change& change) const;
  void watch(const Parts& parts, kube::Informer::Options options,
             kube::Informer::Listener listener);
  void watch_requests(const Parts& parts, const std::vector<std::string>& namespaces,
                      const std::function<void()>& listener);
  [[nodiscard]] std::vector<Source> sources() const;
  static std::vector<Unserved> unserved(const std::vector<Source>& sources);
  // nullptr if that namespace is not watched.
  [[nodiscard]] const kube::Store* store(const kube::ResourceType& type,
                                         const std::string& namespace_name) const;
  [[nodiscard]] std::vector<kube::ObjectPointer> select(const kube::ResourceType& type,
                                                        const kube::ObjectKey& export_key) const;

  const Scope scope_;
  ExportBook book_;
  std::vector<Watched> watched_;
  std::vector<Asking> asking_;
  size_t namespaces_ = 0;
};

}  // namespace dualtrace::ctl

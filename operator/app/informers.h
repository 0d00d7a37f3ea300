// SPDX-License-Identifier: Apache-2.0
#pragma once
// Informers: one for each kind and watched namespace, and together the Cache that reconcile/ reads
// and the Directory that webhook/ does. Exports and DaemonSets are kept whole, as trimmed; of the
// other children the metadata; of agents' pods what tells where an agent is; where a webhook is
// served, of all pods what they ask for (census/asking_pods.h), of namespaces the labels, and of
// exports once more what the webhook wants to know.
// A namespace of several that the operator may not read any more, or not yet, is nothing that the
// others wait for.
// The Directory has no export that the installation does not serve (operator/api/scope.h).
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
#include "operator/webhook/directory.h"
#include "operator/webhook/export_book.h"
#include "operator/webhook/request.h"

namespace dualtrace::ctl {

class Informers final : public Cache, public Directory {
 public:
  struct Listeners {  // on the scheduler; must not block
    kube::Informer::Listener export_changed;
    kube::Informer::Listener child_changed;
    kube::Informer::Listener pod_changed;
    // What a pod asks for, or a namespace. Empty: no webhook is served, and neither is watched.
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
  // "daemonsets", "pods in shop": what has not been listed yet, without namespaces that are not
  // served. Everything, as long as none is.
  [[nodiscard]] std::vector<std::string> unsynced() const;
  // Whether all has been listed once that an export of this namespace is judged by.
  [[nodiscard]] bool knows(const std::string& namespace_name) const;
  struct Unserved {
    std::string namespace_name;
    std::string why;
    bool operator==(const Unserved&) const = default;
  };
  // Of several namespaces those in which something may not be listed or watched now: the namespace
  // was deleted, or its Role.
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

  // Empty where no webhook is served.
  [[nodiscard]] std::shared_ptr<const KnownExports> exports() const override;
  [[nodiscard]] std::optional<Labels> namespace_labels(const std::string& name) const override;
  // All that are watched and known, with the labels that may be seen.
  [[nodiscard]] std::vector<PodNamespace> namespaces() const;
  // Of all watched namespaces.
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
  // One that lists and watches, whatever it does with that.
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
  // nullptr when that namespace is not watched.
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

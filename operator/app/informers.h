#pragma once
// Informers: one for each kind and watched namespace, and together the Cache that reconcile/ reads.
// Exports and DaemonSets are kept whole, as trimmed; of the other children the metadata; of pods
// what tells where an agent is.
// Thread-safe.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/kube/informer.h"
#include "operator/reconcile/cache.h"

namespace dualtrace::ctl {

class Informers final : public Cache {
 public:
  struct Listeners {  // on the scheduler; must not block
    kube::Informer::Listener export_changed;
    kube::Informer::Listener child_changed;
    kube::Informer::Listener pod_changed;
  };
  struct Parts {  // all outlive it; the scheduler is stopped first
    kube::ListWatch& api;
    Scheduler& scheduler;
    MetricRegistry& metrics;
  };
  // No namespaces: all of them.
  Informers(std::vector<std::string> namespaces, const Parts& parts, Listeners listeners);

  void start();
  // "daemonsets", "pods in shop": what has not been listed yet. Empty from then on for ever.
  [[nodiscard]] std::vector<std::string> unsynced() const;
  [[nodiscard]] std::vector<kube::ObjectKey> exports_by_label(
      const std::string& namespace_name, const std::string& export_label) const;

  [[nodiscard]] kube::ObjectPointer find_export(const kube::ObjectKey& key) const override;
  [[nodiscard]] std::vector<kube::ObjectPointer> children(
      const kube::ResourceType& type, const kube::ObjectKey& export_key) const override;
  [[nodiscard]] std::vector<kube::ObjectPointer> pods(
      const kube::ObjectKey& export_key) const override;

 private:
  struct Watched {
    kube::ResourceType type;
    std::string namespace_name;  // "": all
    std::unique_ptr<kube::Informer> informer;
  };

  void watch(const Parts& parts, kube::Informer::Options options,
             kube::Informer::Listener listener);
  // nullptr when that namespace is not watched.
  [[nodiscard]] const kube::Store* store(const kube::ResourceType& type,
                                         const std::string& namespace_name) const;
  [[nodiscard]] std::vector<kube::ObjectPointer> select(const kube::ResourceType& type,
                                                        const kube::ObjectKey& export_key) const;

  std::vector<Watched> watched_;
};

}  // namespace dualtrace::ctl

#pragma once
// Directory: what the webhook knows of the cluster when a pod asks. app/ answers from the
// informers' caches, so that no admission waits for the API server; tests have a list.
// Thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "common/kube/store.h"
#include "operator/api/label_selector.h"

namespace dualtrace::ctl {

class Directory {
 public:
  virtual ~Directory() = default;
  // Of all namespaces that the operator watches, as the API server has them. Never blocks.
  [[nodiscard]] virtual std::vector<kube::ObjectPointer> exports() const = 0;
  // nullopt: the operator does not know the namespace, or may not look at namespaces. Never blocks.
  [[nodiscard]] virtual std::optional<Labels> namespace_labels(const std::string& name) const = 0;
};

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// ClusterView: what the webhook knows about the cluster when it reviews a pod. app/ answers from
// the informers' caches, so that no admission waits for the API server; tests use a list.
// Thread-safe.

#include <memory>
#include <optional>
#include <string>

#include "operator/api/label_selector.h"
#include "operator/webhook/known_exports.h"

namespace dualtrace::ctl {

class ClusterView {
 public:
  virtual ~ClusterView() = default;
  // The exports of all namespaces that the operator watches; never nullptr. Never blocks.
  [[nodiscard]] virtual std::shared_ptr<const KnownExports> exports() const = 0;
  // nullopt: the operator does not know the namespace, or may not read namespaces. Never blocks.
  [[nodiscard]] virtual std::optional<Labels> namespace_labels(const std::string& name) const = 0;
};

}  // namespace dualtrace::ctl

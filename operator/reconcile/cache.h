// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cache: what the informers know, in the form that reconcile/ needs. app/ assembles it from one
// Store for each kind and watched namespace; tests use a map.
// Thread-safe.

#include <vector>

#include "common/kube/object.h"
#include "common/kube/store.h"

namespace dualtrace::ctl {

class Cache {
 public:
  virtual ~Cache() = default;
  // nullptr if there is none.
  [[nodiscard]] virtual kube::ObjectPointer find_export(const kube::ObjectKey& key) const = 0;
  // Objects of a planned type that carry the export's labels in its namespace, trimmed (trim.h).
  [[nodiscard]] virtual std::vector<kube::ObjectPointer> children(
      const kube::ResourceType& type, const kube::ObjectKey& export_key) const = 0;
  // Pods of the export's DaemonSet, trimmed.
  [[nodiscard]] virtual std::vector<kube::ObjectPointer> pods(
      const kube::ObjectKey& export_key) const = 0;
};

}  // namespace dualtrace::ctl

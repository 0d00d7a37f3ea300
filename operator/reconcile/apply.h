// SPDX-License-Identifier: Apache-2.0
#pragma once
// Apply: writes the planned objects with server-side apply, in the plan's order and only where
// drift.h requires it. Fields of other managers are left alone; their changes to our fields are
// reverted. An object that exists under a planned name and was never ours is not taken over: that
// is an error, which its owner can fix.
// Thread-safe for different memories.
//
// Errors: the first is kept for the status. After an object is rejected (kInvalid, kDenied,
//   kConflict…) the others are still applied. If the API server cannot serve us now (kUnavailable,
//   kThrottled, kCancelled), they are left for the next run. Nothing is ever deleted to
//   change an immutable field.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/error/error.h"
#include "common/kube/api.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"
#include "operator/plan/plan.h"
#include "operator/reconcile/cache.h"
#include "operator/reconcile/drift.h"

namespace dualtrace::ctl {

// The children of one export according to the cache, looked up once for a reconciliation.
class Children {
 public:
  Children(const Cache& cache, const kube::ObjectKey& export_key);

  [[nodiscard]] const std::vector<kube::ObjectPointer>& of(const kube::ResourceType& type) const;
  // nullptr if there is none.
  [[nodiscard]] const Json* find(const kube::ResourceType& type, std::string_view name) const;

 private:
  std::map<std::string_view, std::vector<kube::ObjectPointer>> by_plural_;
};

// By plural and name.
using DriftMemory = std::map<std::pair<std::string, std::string>, Drift>;

struct WriteFailure {
  Error error;
  std::string object;  // "DaemonSet ns/name"
};
[[nodiscard]] std::string describe(const kube::ResourceType& type, const kube::ObjectKey& key);

struct ApplyOutcome {
  std::optional<WriteFailure> first;
  std::optional<WriteFailure> retryable;  // the first that is worth a retry
  bool namespace_ending = false;          // nothing can be created there any more; not a failure
  std::optional<Tick> look_again;
};

class Applier {
 public:
  // The references outlive it.
  Applier(kube::Api& api, Clock& clock, MetricRegistry& metrics);

  ApplyOutcome apply(const Plan& plan, const Children& children, DriftMemory& memory) const;

 private:
  Status apply_one(const PlannedObject& planned, const Json* cached, Drift& drift) const;
  Status check_not_foreign(const PlannedObject& planned) const;
  void count(const kube::ResourceType& type, const std::string& result) const;

  kube::Api& api_;
  Clock& clock_;
  MetricRegistry& metrics_;
};

}  // namespace dualtrace::ctl

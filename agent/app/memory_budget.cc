// SPDX-License-Identifier: Apache-2.0
#include "agent/app/memory_budget.h"

#include <optional>
#include <utility>

#include "common/config/receiver_sizes.h"
#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

ReceiverLimits limits_in(uint64_t container_limit, const ReceiverLimits& configured) {
  return limits_that_fit(configured,
                         container_limit == 0 ? std::nullopt : std::optional(container_limit));
}

}  // namespace

MemoryBudget::MemoryBudget(const ReceiverLimits& configured, CgroupFiles container)
    : configured_(configured),
      container_(std::move(container)),
      container_limit_(memory_limit(container_).value_or(0)),
      limits_(limits_in(container_limit_, configured_)),
      admission_(limits_.memory_bytes) {
  warn_if_reduced();
}

void MemoryBudget::follow_limit() {
  const uint64_t limit = memory_limit(container_).value_or(0);
  if (limit == container_limit_) return;
  container_limit_ = limit;
  const uint64_t before = admission_.bytes_max();
  admission_.set_bytes_max(limits_in(limit, configured_).memory_bytes);
  if (admission_.bytes_max() < before) warn_if_reduced();
  if (admission_.bytes_max() > before) {
    log_info("the container's memory limit was raised, so the receiver uses more",
             {{"memory_bytes", admission_.bytes_max()}});
  }
}

void MemoryBudget::warn_if_reduced() const {
  if (admission_.bytes_max() >= configured_.memory_bytes) return;
  log_warn(
      "the container's memory limit is too low for receiver.limits.memoryBytes, so the receiver "
      "uses less: raise the limit or lower the setting",
      {{"memory_bytes", admission_.bytes_max()}, {"request_bytes", limits_.request_bytes}});
}

void MemoryBudget::write_to(AgentSnapshot& snapshot) const {
  snapshot.admission_bytes = admission_.bytes_admitted();
  snapshot.admission_bytes_max = admission_.bytes_max();
  snapshot.admission_bytes_configured = configured_.memory_bytes;
  snapshot.memory_limit = container_limit_;
  snapshot.admission_refusals = admission_.refusals();
  snapshot.admission_share_refusals = admission_.share_refusals();
}

}  // namespace dualtrace::agent

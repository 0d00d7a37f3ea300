// SPDX-License-Identifier: Apache-2.0
#pragma once
// MemoryBudget: how much memory the receiver may use at a time. The configured limits apply as far
// as the container's memory limit allows them. That limit may be lower than the configuration
// assumes, and it may change while the agent runs (a pod that is resized in place).
// follow_limit() is called from one thread; everything else is thread-safe.

#include <atomic>
#include <cstdint>

#include "agent/intake/admission.h"
#include "agent/observe/snapshot.h"
#include "common/config/agent_config.h"
#include "common/process/memory_limit.h"

namespace dualtrace::agent {

class MemoryBudget {
 public:
  explicit MemoryBudget(const ReceiverLimits& configured, CgroupFiles container = {});
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // What applied at the start. Of these, only the memory of all requests follows the container.
  [[nodiscard]] const ReceiverLimits& limits() const { return limits_; }
  [[nodiscard]] Admission& admission() { return admission_; }
  // Adjusts the memory of all requests to the container's present limit.
  void follow_limit();
  void write_to(AgentSnapshot& snapshot) const;

 private:
  void warn_if_reduced() const;

  const ReceiverLimits configured_;
  const CgroupFiles container_;
  std::atomic<uint64_t> container_limit_;  // 0: none
  const ReceiverLimits limits_;
  Admission admission_;
};

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Turns a snapshot into the report for the operator and scripts (GET /status). Pure.

#include "agent/observe/snapshot.h"
#include "common/report/report.h"

namespace dualtrace::agent {

[[nodiscard]] report::Agent report_of(const AgentSnapshot& snapshot);

}  // namespace dualtrace::agent

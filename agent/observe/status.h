// SPDX-License-Identifier: Apache-2.0
#pragma once
// Status: a snapshot as the report that the operator and scripts get (GET /status). Pure.

#include "agent/observe/snapshot.h"
#include "common/report/report.h"

namespace dualtrace::agent {

[[nodiscard]] report::Agent report_of(const AgentSnapshot& snapshot);

}  // namespace dualtrace::agent

// SPDX-License-Identifier: Apache-2.0
#pragma once
// How two reports of one agent differ: a change of state is reported immediately; numbers, times
// and error messages change all the time.
// Pure.

#include "operator/status/facts.h"

namespace dualtrace::ctl {

enum class ReportChange { kNone, kNumbers, kState };
[[nodiscard]] ReportChange compare_reports(const AgentReport& before, const AgentReport& after);

}  // namespace dualtrace::ctl

// SPDX-License-Identifier: Apache-2.0
#pragma once
// How two reports of one agent differ: a state that changed is told at once, numbers, times and the
// words of an error move all the time.
// Pure.

#include "operator/status/facts.h"

namespace dualtrace::ctl {

enum class ReportChange { kNone, kNumbers, kState };
[[nodiscard]] ReportChange compare_reports(const AgentReport& before, const AgentReport& after);

}  // namespace dualtrace::ctl

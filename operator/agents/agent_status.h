#pragma once
// The answer of an agent's GET /status, read: keys that are not known are passed over, missing ones
// read as nothing, since agents and operators of different versions meet. Texts are cut: they come
// from elsewhere and go into an export's status.
// Pure.

#include <string_view>

#include "common/error/result.h"
#include "operator/status/facts.h"

namespace dualtrace::ctl {

// Without node and pod. kInvalid when it is no such answer.
Result<AgentReport> parse_agent_status(std::string_view body);

// How two reports of one agent differ: numbers, times and the words of an error move all the time.
enum class ReportChange { kNone, kNumbers, kState };
[[nodiscard]] ReportChange compare_reports(const AgentReport& before, const AgentReport& after);

}  // namespace dualtrace::ctl

#pragma once
// What the workspace's OTLP endpoint of Databricks lets in, as far as it is known (README.md names
// the sources), and the form of its refusals.
// Pure.

#include "tests/sandbox/access.h"
#include "tests/sandbox/answer.h"

namespace dualtrace::sandbox {

[[nodiscard]] HeaderVerdict judge_databricks_headers(const Arrival& arrival, const Access& access);

// {"error_code": …, "message": …}
[[nodiscard]] std::string databricks_error_body(const Answer& answer);

}  // namespace dualtrace::sandbox

// SPDX-License-Identifier: Apache-2.0
#pragma once
// Requests for the tests of the sandbox.
// Pure.

#include <string>
#include <vector>

namespace dualtrace::sandbox {

inline constexpr const char* kSpaceId = "U3BhY2U6MTIzNDphYmNk";  // "Space:1234:abcd"

struct TestRequest {
  std::vector<std::string> span_names{"span"};
  std::string project_key = "openinference.project.name";  // of the resource; empty: not set
  char first_span_id = 1;
  size_t padding_bytes = 0;
};

// A serialized ExportTraceServiceRequest: one trace, span ids counted up from first_span_id.
[[nodiscard]] std::string to_bytes(const TestRequest& request);

}  // namespace dualtrace::sandbox

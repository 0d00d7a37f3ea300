// SPDX-License-Identifier: Apache-2.0
#pragma once
// What Arize accepts, as far as it is known (README.md names the sources): the headers of a request
// and the project that each span needs.
// Pure.

#include "tests/sandbox/access.h"
#include "tests/sandbox/answer.h"
#include "tests/sandbox/span_row.h"

namespace dualtrace::sandbox {

// Under any of its header's names; empty when there is none.
[[nodiscard]] std::string arize_api_key(const Arrival& arrival);

[[nodiscard]] HeaderVerdict judge_arize_headers(const Arrival& arrival, const Access& access);

// On the resource by any of three keys, or on the span by one.
[[nodiscard]] bool names_a_project(const ResourceProto& resource, const SpanProto& span);

// For a request in which no span names a project.
[[nodiscard]] Answer missing_project(uint64_t spans);
// For one in which some do: they are stored.
[[nodiscard]] Answer partly_missing_project(uint64_t spans);

}  // namespace dualtrace::sandbox
